import Model

/// The fields of a hash, read so that what is not as our scripts write it is an error with the key and the field.
struct RecordFields {
    /// The key, for people.
    let key: String
    private let fields: [String: String]

    /// Takes a record.
    ///
    /// - Parameters:
    ///   - fields: its fields.
    ///   - key: the key, for people.
    init(_ fields: [String: String], key: String) {
        self.key = key
        self.fields = fields
    }

    /// A field as it is; nil where it is missing or empty.
    subscript(name: String) -> String? {
        guard let text = fields[name], !text.isEmpty else { return nil }
        return text
    }

    /// A field that must be there.
    func text(_ name: String) throws(Failure) -> String {
        guard let text = fields[name] else { throw fault(name, "is missing") }
        return text
    }

    /// A field that may be missing, read.
    func value<Value>(_ name: String, _ read: (String) -> Value?) throws(Failure) -> Value? {
        guard let text = self[name] else { return nil }
        guard let value = read(text) else { throw fault(name, "'\(text.prefix(80))' cannot be") }
        return value
    }

    /// A field that must be there, read.
    func needed<Value>(_ name: String, _ read: (String) -> Value?) throws(Failure) -> Value {
        guard let value = try value(name, read) else { throw fault(name, "is missing") }
        return value
    }

    /// Three amounts; nil where none of them is there.
    func resources(prefix: String) throws(Failure) -> Resources? {
        let cpu = try value(prefix + "cpu") { Int($0) }
        let ram = try value(prefix + "ram") { Int($0) }
        let disk = try value(prefix + "disk") { Int($0) }
        if cpu == nil, ram == nil, disk == nil { return nil }
        guard let cpu, let ram, let disk else { throw fault(prefix + "cpu, ram, disk", "is missing in part") }
        return Resources(cpu: cpu, ram: ram, disk: disk)
    }

    /// All fields whose names begin so, by the rest of their names.
    func values<Value>(prefix: String, _ read: (String) -> Value?) throws(Failure) -> [String: Value] {
        var found: [String: Value] = [:]
        for name in fields.keys where name.hasPrefix(prefix) {
            found[String(name.dropFirst(prefix.count))] = try needed(name, read)
        }
        return found
    }

    /// What is wrong with a field.
    func fault(_ name: String, _ problem: String) -> Failure {
        .malformedRecord("\(key): field \(name) \(problem)")
    }
}

extension Failure {
    /// A record in Redis is not as our scripts write it.
    ///
    /// - Parameter problem: what is wrong, beginning with the key.
    /// - Returns: the failure.
    static func malformedRecord(_ problem: String) -> Failure {
        Failure(.malformedRecord, "\(problem): see docs/operations.md, 'A broken record', for what brings it back")
    }
}
