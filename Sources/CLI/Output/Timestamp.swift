import API

/// A time as the API writes it (RFC 3339).
struct Timestamp: Hashable, Sendable {
    /// Since 1970.
    let seconds: Double

    init?(_ value: JSONValue?) {
        guard let text = value?.string else { return nil }
        self.init(text)
    }

    /// Reads `2030-01-31T12:00:00.123Z`; nil for anything else.
    init?(_ text: String) {
        let parts = text.split { !$0.isNumber }.map(String.init)
        guard text.hasSuffix("Z"), parts.count == 6 || parts.count == 7 else { return nil }
        let numbers = parts.prefix(6).compactMap { Int($0) }
        guard numbers.count == 6 else { return nil }
        let days = Self.days(numbers[0], numbers[1], numbers[2])
        let whole = ((days * 24 + numbers[3]) * 60 + numbers[4]) * 60 + numbers[5]
        let fraction = parts.count == 7 ? Double("0." + parts[6]) ?? 0 : 0
        seconds = Double(whole) + fraction
    }

    /// The days from 1970 to a date of the Gregorian calendar.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        // The year begins in March here, so that the leap day is its last one.
        let year = month <= 2 ? year - 1 : year
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// `6.8 s`, `4 min`, `3 h`.
    static func text(of seconds: Double) -> String {
        switch seconds {
        case ..<120: "\((max(0, seconds) * 10).rounded() / 10) s"
        case ..<7200: "\(Int(seconds / 60)) min"
        default: "\(Int(seconds / 3600)) h"
        }
    }
}
