import Model

/// A time in the past, as callers give it: `90s`, `30m`, `24h`, `7d`.
enum TimeWindow {
    private static let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
    private static let longest = 366 * 86_400

    /// Reads a time.
    ///
    /// - Throws: `Failure` with `invalidRequest`.
    static func duration(_ text: String) throws(Failure) -> Duration {
        guard let unit = text.last.flatMap({ units[$0] }), text.utf8.count <= 9,
            text.dropLast().utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text.dropLast()),
            number > 0, number * unit <= longest
        else {
            throw Failure(
                .invalidRequest,
                "window='\(text.prefix(20))' is no time: give a number with s, m, h or d, such as 7d, up to 366d"
            )
        }
        return .seconds(number * unit)
    }
}
