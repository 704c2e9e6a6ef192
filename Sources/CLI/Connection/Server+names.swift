import API
import Model

extension Server {
    /// The number of an image that is given by its name or number.
    func image(_ text: String) async throws(CommandFailure) -> ImageID {
        if let id = ImageID(text) { return id }
        let answer = try await call(Endpoints.readImage, [text])
        guard let id = answer.value["id"]?.integer.flatMap({ ImageID($0) }) else {
            throw CommandFailure(.failed, code: "malformed_answer", "the image '\(text)' has no number")
        }
        return id
    }

    /// The VM of a name or number.
    func vm(_ text: String) async throws(CommandFailure) -> JSONValue { try await call(Endpoints.readVM, [text]).value }
}

extension TypeID {
    /// The type of a command line; types have numbers alone.
    static func named(_ text: String) throws(CommandFailure) -> TypeID {
        guard let id = TypeID(text) else {
            throw .usage("'\(text)' is no type: types have numbers", next: ["hvctl type list"])
        }
        return id
    }
}

extension Session {
    /// The project that is meant; nil for that of the token.
    func projectName() throws(CommandFailure) -> ProjectName? {
        guard let project else { return nil }
        guard let name = ProjectName(project) else {
            throw .usage("'\(project)' is no name of a project", next: ["hvctl project list"])
        }
        return name
    }
}
