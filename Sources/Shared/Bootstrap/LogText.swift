/// How texts stand in log lines, whatever a request sent: a line stays a line, and a value one word or quoted.
package enum LogText {
    /// A value without spaces as it is; others in quotes.
    ///
    /// - Parameter text: the value.
    /// - Returns: what stands behind the `=`.
    package static func quoted(_ text: String) -> String {
        let isPlain = !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x22 && $0 != 0x5C && $0 != 0x7F }
        if isPlain { return text }
        return "\"" + escaped(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")) + "\""
    }

    /// A text with its control characters as `\u{…}`.
    ///
    /// - Returns: the text in one line.
    package static func escaped(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return text }
        return text.unicodeScalars.reduce(into: "") { line, scalar in
            line +=
                scalar.value < 0x20 || scalar.value == 0x7F ? "\\u{\(String(scalar.value, radix: 16))}" : "\(scalar)"
        }
    }
}
