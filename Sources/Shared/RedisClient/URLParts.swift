/// The parts of a Redis URL (RFC 3986), still in percent form but for the options.
struct URLParts {
    let scheme: String
    let userInfo: Substring?
    let host: Substring
    let path: Substring
    let options: [(name: String, value: String)]

    init(_ url: String) throws {
        guard let separator = url.firstRange(of: "://") else { throw RedisConfiguration.wrong("it has no scheme://") }
        scheme = url[..<separator.lowerBound].lowercased()
        guard !url.contains("#") else { throw RedisConfiguration.wrong("it has a fragment; write # as %23") }
        let rest = url[separator.upperBound...]
        let beforeQuery = rest.prefix { $0 != "?" }
        let authority = beforeQuery.prefix { $0 != "/" }
        path = beforeQuery[authority.endIndex...]
        // The last @: one in a password is often left as it is.
        if let at = authority.lastIndex(of: "@") {
            userInfo = authority[..<at]
            host = authority[at...].dropFirst()
        } else {
            userInfo = nil
            host = authority
        }
        options = try rest[beforeQuery.endIndex...].dropFirst()
            .split(separator: "&")
            .map { option in
                let name = option.prefix { $0 != "=" }
                return (
                    name: try Self.decode(name, "option"),
                    value: try Self.decode(option[name.endIndex...].dropFirst(), "option")
                )
            }
    }

    /// Undoes the percent form.
    ///
    /// - Parameters:
    ///   - text: A part of the URL.
    ///   - part: What it is called in an error.
    /// - Returns: The text.
    /// - Throws: ``RedisError`` for a % without two hexadecimal digits, a NUL, or bytes that are not UTF-8.
    static func decode(_ text: Substring, _ part: String) throws -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(hexadecimal), let low = rest.popFirst().flatMap(hexadecimal) else {
                throw RedisConfiguration.wrong("a % in the \(part) lacks two hexadecimal digits; write % as %25")
            }
            bytes.append(high << 4 | low)
        }
        guard !bytes.contains(0), let decoded = String(validating: bytes, as: UTF8.self) else {
            throw RedisConfiguration.wrong("the \(part) is not text in UTF-8")
        }
        return decoded
    }

    private static func hexadecimal(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
