import RedisClient

/// Times as our scripts write them: ISO 8601 in UTC with milliseconds.
enum RecordTime {
    /// The ms since 1970; nil where the text is no such time.
    ///
    /// Each record of a fleet has some, and a general parser costs ten times as much.
    static func milliseconds(_ text: String) -> Int? {
        var numbers: [Int] = []
        var (number, digits) = (0, 0)
        for byte in text.utf8 {
            if (0x30...0x39).contains(byte) {
                number = number * 10 + Int(byte - 0x30)
                digits += 1
            } else {
                guard digits > 0, digits <= 4 else { return nil }
                numbers.append(number)
                (number, digits) = (0, 0)
            }
        }
        guard text.utf8.count == 24, text.utf8.last == UInt8(ascii: "Z"), numbers.count == 7 else { return nil }
        let seconds = (days(numbers[0], numbers[1], numbers[2]) * 24 + numbers[3]) * 3600 + numbers[4] * 60 + numbers[5]
        return seconds * 1000 + numbers[6]
    }

    /// Days since 1970 of a date.
    ///
    /// As in H. Hinnant, "chrono-compatible low-level date algorithms".
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let yearOfEra = shifted % 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return shifted / 400 * 146_097 + dayOfEra - 719_468
    }
}

extension RESPValue {
    /// What TIME answers, in ms since 1970.
    var milliseconds: Int? {
        guard let parts = array, parts.count == 2, let seconds = parts[0].int, let micros = parts[1].int else {
            return nil
        }
        return seconds * 1000 + micros / 1000
    }
}
