package import Logging
import Model

/// Writes each log message as an object of JSON in one line: `time`, `level`, `program`, `message`, and a field for each entry
/// of the metadata.
package struct JSONLogHandler: LogHandler {
    /// What stands on each line of this logger.
    package var metadata: Logger.Metadata = [:]
    /// From which level on lines are written.
    package var logLevel: Logger.Level = .info
    private let label: String
    private let writer: LogWriter

    private static let ownFields: Set = ["time", "level", "program", "message"]
    /// Metadata whose values are numbers where they look so; of any other a collector would have now one type, now another.
    private static let numbers: Set = ["job", "vm", "pm", "status", "us"]

    package init(label: String, writer: LogWriter) {
        self.label = label
        self.writer = writer
    }

    /// One entry of the metadata.
    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes one line.
    package func log(event: LogEvent) {
        var line = "{\"time\":\"\(LogTime.now())\",\"level\":\"\(event.level)\",\"program\":\(JSONText.quoted(label))"
        line += ",\"message\":\(JSONText.quoted(event.message.description))"
        let all = event.metadata.map { metadata.merging($0) { _, own in own } } ?? metadata
        for (key, value) in all.sorted(by: { $0.key < $1.key }) {
            let name = Self.ownFields.contains(key) ? key + "_" : key
            line += ",\(JSONText.quoted(name)):\(Self.json(value.description, of: key))"
        }
        writer.write(line + "}\n", isUrgent: event.level >= .critical)
    }

    private static func json(_ text: String, of key: String) -> String {
        guard numbers.contains(key), let number = Int(text), number >= 0, "\(number)" == text else {
            return JSONText.quoted(text)
        }
        return text
    }
}
