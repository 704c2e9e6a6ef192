public import Logging

/// Writes each log message as one line: time, level, label, message, `key=value`s.
///
/// The lines are handed to a writer that puts them out in batches, so that a request does not wait for standard error.
public struct LineLogHandler: LogHandler {
    /// What stands on each line of this logger.
    public var metadata: Logger.Metadata = [:]
    /// From which level on lines are written.
    public var logLevel: Logger.Level = .info
    private let label: String
    private let writer: LogWriter

    /// Makes a handler.
    ///
    /// - Parameters:
    ///   - label: the program's or part's name.
    ///   - writer: where lines go.
    public init(label: String, writer: LogWriter) {
        self.label = label
        self.writer = writer
    }

    /// One entry of the metadata.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes one line.
    public func log(event: LogEvent) {
        var line = "\(LogTime.now()) \(event.level) \(label): "
        line += Self.escaped(event.message.description)
        append(metadata, to: &line)
        if let own = event.metadata { append(own, to: &line) }
        line += "\n"
        writer.write(line, isUrgent: event.level >= .critical)
    }

    private func append(_ metadata: Logger.Metadata, to line: inout String) {
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            line += " \(key)=\(Self.quoted(value.description))"
        }
    }

    /// A value without spaces stands as it is; others in quotes.
    ///
    /// A line stays a line whatever a request sent.
    private static func quoted(_ text: String) -> String {
        let isPlain = !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x22 && $0 != 0x5C && $0 != 0x7F }
        if isPlain { return text }
        return "\"" + escaped(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")) + "\""
    }

    private static func escaped(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return text }
        return text.unicodeScalars.reduce(into: "") { line, scalar in
            line +=
                scalar.value < 0x20 || scalar.value == 0x7F ? "\\u{\(String(scalar.value, radix: 16))}" : "\(scalar)"
        }
    }
}
