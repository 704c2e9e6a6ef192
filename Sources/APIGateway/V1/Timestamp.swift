import Foundation

/// Times as the answers have them: RFC 3339 in UTC with milliseconds.
enum Timestamp {
    static func text(milliseconds: Int) -> String {
        Date(timeIntervalSince1970: Double(milliseconds) / 1000)
            .formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }
}
