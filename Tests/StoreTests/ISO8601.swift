import Foundation

extension String {
    /// The time that this text is in ISO 8601 with milliseconds.
    var iso8601: Date? {
        try? Date(self, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }
}
