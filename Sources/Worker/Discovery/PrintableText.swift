/// Text of another machine, made fit for a log line, a terminal and a Redis field.
enum PrintableText {
    /// One line of at most `limit` characters, without control characters.
    static func line(_ text: some StringProtocol, limit: Int) -> String {
        let lines = text.split(whereSeparator: \.isNewline).map { line in
            String(String.UnicodeScalarView(line.unicodeScalars.map { isHidden($0) ? " " : $0 }))
                .split(separator: " ").joined(separator: " ")
        }
        let whole = lines.filter { !$0.isEmpty }.joined(separator: " / ")
        return whole.count > limit ? whole.prefix(limit - 1) + "…" : whole
    }

    /// Control characters, and those that turn the direction of text.
    private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
