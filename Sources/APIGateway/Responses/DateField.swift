import Foundation
import NIOConcurrencyHelpers

/// The time as answers have it in the field `Date` (RFC 9110, 5.6.7), written once a second.
final class DateField: Sendable {
    private let latest = NIOLockedValueBox((second: time_t.min, text: ""))

    var now: String {
        let second = time(nil)
        return latest.withLockedValue { latest in
            if latest.second != second { latest = (second, Self.text(of: second)) }
            return latest.text
        }
    }

    /// A time, given in seconds since 1970.
    static func text(of second: time_t) -> String {
        var (second, fields, text) = (second, tm(), [CChar](repeating: 0, count: 32))
        gmtime_r(&second, &fields)
        // The program sets no locale, so the names are those of the standard.
        let length = strftime(&text, text.count, "%a, %d %b %Y %H:%M:%S GMT", &fields)
        return String(decoding: text.prefix(length).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
