/// JSON text of strings and objects, for the few values that are written so often that an encoder would cost too much.
///
/// docs/performance.md has the figures: a fifth of a query, a quarter of what a worker does for a placement.
package enum JSONText {
    /// A string as a JSON string with its quotes (RFC 8259, section 7).
    ///
    /// - Parameter text: the string.
    /// - Returns: the JSON string.
    package static func quoted(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x22 && $0 != 0x5C }
        return isPlain ? "\"\(text)\"" : "\"\(escaped(text))\""
    }

    /// An object with its members in the order of their names.
    ///
    /// - Parameters:
    ///   - members: the members.
    ///   - text: the JSON text of a value.
    /// - Returns: the object.
    package static func object<Value>(_ members: [String: Value], _ text: (Value) -> String) -> String {
        var json = "{"
        for (name, value) in members.sorted(by: { $0.key < $1.key }) {
            if json.utf8.count > 1 { json += "," }
            json += quoted(name)
            json += ":"
            json += text(value)
        }
        return json + "}"
    }

    private static func escaped(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "") { json, scalar in
            switch scalar {
            case "\"": json += "\\\""
            case "\\": json += "\\\\"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                json += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: json.unicodeScalars.append(scalar)
            }
        }
    }
}
