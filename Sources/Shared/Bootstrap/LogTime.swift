import Foundation

/// The time as log lines have it: ISO 8601, UTC, milliseconds.
enum LogTime {
    private static let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    static func now() -> String { Date().formatted(style) }
}
