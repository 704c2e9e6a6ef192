import Foundation
import NIOConcurrencyHelpers

/// The time as log lines have it: ISO 8601, UTC, milliseconds.
enum LogTime {
    private static let style = Date.ISO8601FormatStyle()
    /// The last second that was formatted, up to the point: dates cost more than all else of a line.
    private static let latest = NIOLockedValueBox((second: Int.min, text: ""))

    static func now() -> String {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let second = time.tv_sec
        let prefix = latest.withLockedValue { latest in
            if latest.second != second {
                let date = Date(timeIntervalSince1970: TimeInterval(second))
                latest = (second, String(date.formatted(style).dropLast()))
            }
            return latest.text
        }
        let milliseconds = 1000 + time.tv_nsec / 1_000_000
        return "\(prefix).\(String(milliseconds).dropFirst())Z"
    }
}
