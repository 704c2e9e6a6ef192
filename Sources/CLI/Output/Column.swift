import API
import Model

/// A column of a list: what stands in it, in each format.
struct Column: Sendable {
    /// The name, as `-c` takes it and tables show it in capitals.
    let name: String
    /// The fields of an object that it is made of.
    let fields: [String]
    /// Whether only `-o wide` and `-c` show it.
    let isWide: Bool
    let isNumber: Bool
    let value: @Sendable (JSONValue) -> JSONValue?

    /// A column of what stands at a path.
    static func field(_ name: String, _ path: String? = nil, wide isWide: Bool = false, number isNumber: Bool = false)
        -> Self
    {
        let path = path ?? name
        let first = path.prefix { $0 != "." }
        return Self(name: name, fields: [String(first)], isWide: isWide, isNumber: isNumber) { $0[path: path] }
    }

    /// A column that is made of more than one field, or written in another way.
    static func made(
        _ name: String,
        of fields: String...,
        wide isWide: Bool = false,
        number isNumber: Bool = false,
        _ value: @escaping @Sendable (JSONValue) -> String?
    ) -> Self {
        Self(name: name, fields: fields, isWide: isWide, isNumber: isNumber) { value($0).map { .string($0) } }
    }

    /// How much of an amount is free: `31/256`.
    static func share(_ name: String, _ resource: String, wide isWide: Bool = false) -> Self {
        made(name, of: "free", "capacity", wide: isWide, number: true) { object in
            guard let free = object[path: "free.\(resource)"], let all = object[path: "capacity.\(resource)"] else {
                return nil
            }
            return "\(free.cell)/\(all.cell)"
        }
    }

    /// Bytes, in the unit that suits them.
    static func bytes(_ name: String, _ field: String, wide isWide: Bool = false) -> Self {
        made(name, of: field, wide: isWide, number: true) { $0[field]?.double.map(Self.size) }
    }

    private static func size(_ bytes: Double) -> String {
        var (size, unit) = (bytes, 0)
        let units = ["B", "KiB", "MiB", "GiB", "TiB"]
        while size >= 1024, unit < units.count - 1 { (size, unit) = (size / 1024, unit + 1) }
        let rounded = (size * 10).rounded() / 10
        return (rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)") + " " + units[unit]
    }

    /// The text in a table.
    func cell(of object: JSONValue) -> String { (value(object)?.cell ?? "").printable }
}

extension [Column] {
    /// The columns that are asked for.
    ///
    /// - Parameters:
    ///   - choice: names with commas between; a name that is no column is the path of a field. Nil for those of the format.
    ///   - isWide: whether all columns are shown where there is no choice.
    ///   - isField: whether objects of the list have a field of this name.
    /// - Returns: the columns, in the order of the names.
    /// - Throws: ``CommandFailure`` where a name is neither.
    func chosen(by choice: String?, isWide: Bool, isField: (String) -> Bool) throws(CommandFailure) -> [Column] {
        guard let choice else { return filter { isWide || !$0.isWide } }
        var chosen: [Column] = []
        for name in choice.split(separator: ",").map(String.init) {
            if let column = first(where: { $0.name == name.lowercased() }) {
                chosen.append(column)
            } else if isField(String(name.prefix { $0 != "." })) {
                chosen.append(.field(name))
            } else {
                let known = map(\.name)
                let all = known.joined(separator: ", ")
                throw .usage("there is no column '\(name)'\(known.didYouMean(name)) (there are \(all))")
            }
        }
        guard !chosen.isEmpty else { throw .usage("-c is empty: name columns, with commas between") }
        return chosen
    }
}
