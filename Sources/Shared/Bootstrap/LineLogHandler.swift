package import Logging

/// Writes each log message as one line: time, level, label, message, `key=value`s.
///
/// The lines are handed to a writer that puts them out in batches, so that a request does not wait for standard error.
package struct LineLogHandler: LogHandler {
    /// What stands on each line of this logger.
    package var metadata: Logger.Metadata = [:]
    /// From which level on lines are written.
    package var logLevel: Logger.Level = .info
    private let label: String
    private let writer: LogWriter

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
        var line = "\(LogTime.now()) \(event.level) \(label): "
        line += LogText.escaped(event.message.description)
        append(metadata, to: &line)
        if let own = event.metadata { append(own, to: &line) }
        line += "\n"
        writer.write(line, isUrgent: event.level >= .critical)
    }

    private func append(_ metadata: Logger.Metadata, to line: inout String) {
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            line += " \(key)=\(LogText.quoted(value.description))"
        }
    }
}
