import Model

/// Texts in a request's target (RFC 3986, 2.1).
enum PercentEncoding {
    /// Decodes a part of the path or the query.
    ///
    /// - Parameters:
    ///   - text: the part.
    ///   - plusIsBlank: whether `+` stands for a blank, as in a query.
    /// - Returns: the text.
    /// - Throws: `Failure` with `invalidRequest` where it is badly encoded, or not UTF-8.
    static func decoded(_ text: some StringProtocol, plusIsBlank: Bool = false) throws(Failure) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+") where plusIsBlank: bytes.append(0x20)
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(hexDigit), let low = rest.popFirst().flatMap(hexDigit) else {
                    throw Failure(.invalidRequest, "'%' is not followed by two hex digits: encode it as %25")
                }
                bytes.append(high << 4 | low)
            default: bytes.append(byte)
            }
        }
        guard let decoded = String(validating: bytes, as: UTF8.self) else {
            throw Failure(.invalidRequest, plusIsBlank ? "an argument is not UTF-8" : "the path is not UTF-8")
        }
        return decoded
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
