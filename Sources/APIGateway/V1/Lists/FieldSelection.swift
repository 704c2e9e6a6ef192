import API
import Model

/// The fields that an answer is to have, where the caller does not want all of them.
struct FieldSelection: Sendable {
    private let names: Set<String>

    /// Reads `fields=a,b`; nil where it is not given.
    ///
    /// - Throws: `Failure` with `invalidRequest` where the object has no such field.
    init?(_ query: QueryArguments, of form: Schema) throws(Failure) {
        guard let text = query["fields"] else { return nil }
        names = Set(text.split(separator: ",").map(String.init))
        let known = form.fieldNames ?? []
        if let unknown = names.sorted().first(where: { !known.contains($0) }) {
            let all = known.sorted().joined(separator: ", ")
            throw Failure(.invalidRequest, "there is no field '\(unknown.prefix(40))' here: there are \(all)")
        }
        guard !names.isEmpty else { throw Failure(.invalidRequest, "fields is empty: name some, with commas between") }
    }

    /// An object with these fields alone.
    func applied(to object: JSONValue) -> JSONValue {
        guard case .object(let members) = object else { return object }
        return .object(members.filter { names.contains($0.key) })
    }

    /// A page whose objects have these fields alone.
    func applied(toPage page: JSONValue) -> JSONValue {
        guard case .object(var members) = page, case .array(let items) = members["items"] else { return page }
        members["items"] = .array(items.map { applied(to: $0) })
        return .object(members)
    }
}
