import API
import Hummingbird
import Model
import Store

extension V1Call {
    /// The only project that the caller may see and change; nil for all.
    var ownProject: ProjectName? { context.caller?.project }

    /// The project in which something is made: the one that the body names, else the caller's, else `default`.
    ///
    /// - Throws: `Failure` with `unknownProject` where it is another one than the caller's.
    func project(named name: ProjectName?) throws(Failure) -> ProjectName {
        try seen(name) ?? .default
    }

    /// The only project that something made is about: the one that the body names, else the caller's; nil for all.
    ///
    /// - Throws: `Failure` with `unknownProject` where it is another one than the caller's.
    func limit(to name: ProjectName?) throws(Failure) -> ProjectName? { try seen(name) }

    /// The project that a list is to have, by the argument `project`; nil for all.
    ///
    /// - Throws: `Failure` with `unknownProject` where it is none, or another one than the caller's.
    func projectFilter() throws(Failure) -> ProjectName? {
        guard let text = query["project"] else { return ownProject }
        guard let name = ProjectName(text) else { throw .unknownProject(text.prefix(40)) }
        return try seen(name)
    }

    /// The project that the path names.
    ///
    /// - Throws: `Failure` with `unknownProject` where it is none, or another one than the caller's.
    func projectInPath() throws(Failure) -> ProjectName {
        let text = try nameInPath(of: "a project")
        guard let name = ProjectName(text), let seen = try seen(name) else { throw .unknownProject(text.prefix(40)) }
        return seen
    }

    /// What the path calls an object that has a name and no number.
    ///
    /// - Throws: `Failure` with `invalidRequest` where it is none.
    func nameInPath(of object: String) throws(Failure) -> String {
        let text = try PercentEncoding.decoded(context.parameters.get("name") ?? "")
        // Digits are a number here as anywhere.
        guard !text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) || VMID(text) != nil else {
            throw Failure(.invalidRequest, "'\(text.prefix(40))' in the path is no name: give that of \(object)")
        }
        return text
    }

    /// A project that is named, or the caller's; nil for neither.
    private func seen(_ name: ProjectName?) throws(Failure) -> ProjectName? {
        guard let name, let ownProject, name != ownProject else { return name ?? ownProject }
        throw .unknownProject(name)
    }
}
