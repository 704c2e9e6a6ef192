import API
import Model

/// Values as YAML 1.2 in block style; a string that could be taken for something else is in quotes.
enum YAMLText {
    /// An object, its most telling fields first.
    static func document(_ value: JSONValue) -> String {
        switch value {
        case .object, .array: lines(value, 0).map { $0 + "\n" }.joined()
        default: scalar(value) + "\n"
        }
    }

    /// An item of a list.
    static func item(_ value: JSONValue) -> String {
        var lines = Self.lines(value, 1)
        if let first = lines.first { lines[0] = "- " + first.dropFirst(2) }
        return lines.map { $0 + "\n" }.joined()
    }

    private static let first = ["id", "name", "project", "state"]

    private static func lines(_ value: JSONValue, _ depth: Int) -> [String] {
        let blanks = String(repeating: "  ", count: depth)
        switch value {
        case .object(let members) where !members.isEmpty:
            return members.sorted { (rank($0.key), $0.key) < (rank($1.key), $1.key) }.flatMap { name, value in
                isScalar(value)
                    ? ["\(blanks)\(key(name)): \(scalar(value))"]
                    : ["\(blanks)\(key(name)):"] + lines(value, depth + 1)
            }
        case .array(let values) where !values.isEmpty:
            return values.flatMap { value -> [String] in
                guard !isScalar(value) else { return ["\(blanks)- \(scalar(value))"] }
                var lines = lines(value, depth + 1)
                lines[0] = "\(blanks)- " + lines[0].dropFirst(2 * (depth + 1))
                return lines
            }
        default: return [blanks + scalar(value)]
        }
    }

    private static func rank(_ name: String) -> Int { first.firstIndex(of: name) ?? first.count }

    private static func isScalar(_ value: JSONValue) -> Bool {
        switch value {
        case .object(let members): members.isEmpty
        case .array(let values): values.isEmpty
        default: true
        }
    }

    private static func key(_ name: String) -> String { isPlain(name) ? name : JSONText.quoted(name) }

    private static func scalar(_ value: JSONValue) -> String {
        guard case .string(let text) = value else { return value.text() }
        return isPlain(text) ? text : JSONText.quoted(text)
    }

    private static let words: Set<String> = ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "~"]

    private static func isPlain(_ text: String) -> Bool {
        guard let first = text.unicodeScalars.first, first.properties.isAlphabetic || first == "/" else { return false }
        let isSimple = text.unicodeScalars.allSatisfy {
            $0.isASCII
                && ($0.properties.isAlphabetic || $0.properties.numericType != nil
                    || "-_./ +@()".unicodeScalars.contains($0))
        }
        return isSimple && text.last != " " && !words.contains(text.lowercased())
    }
}
