package import Logging
import NIOConcurrencyHelpers

/// A log that is kept, a line a message: its text, then its metadata by name.
package struct KeepingLog: LogHandler {
    private let kept = NIOLockedValueBox([String]())
    package var metadata: Logger.Metadata = [:]
    package var logLevel = Logger.Level.trace

    package init() {}

    /// What was logged so far.
    package var lines: [String] { kept.withLockedValue { $0 } }

    /// A logger that writes here.
    package var logger: Logger { Logger(label: "test") { _ in self } }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let pairs = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value) " }
        kept.withLockedValue { $0.append("\(event.message) " + pairs.joined()) }
    }
}
