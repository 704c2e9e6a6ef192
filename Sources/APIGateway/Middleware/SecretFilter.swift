/// Keeps out of the log what callers put into a URL and should not have: tokens.
struct SecretFilter: Sendable {
    private let token: [UInt8]

    /// What stands in place of a secret.
    private static let mask = "***"
    /// Parts of the names of arguments whose values are secrets, whatever they are.
    private static let names = ["token", "secret", "passw", "key", "auth"].map { Array($0.utf8) }

    /// Makes a filter.
    ///
    /// - Parameter token: the token that calls need; empty for none.
    init(token: String) {
        self.token = Array(token.utf8)
    }

    /// A request's path and query as they may be logged.
    struct Target {
        let path: String
        let query: String
        /// Whether the token stands in it, so that an answer's reason may quote a part of it.
        let isSecret: Bool
    }

    /// The path and query of a request, for the log.
    ///
    /// - Parameters:
    ///   - path: the path.
    ///   - query: the query; empty for none.
    /// - Returns: both, without secrets.
    func shown(path: String, query: String) -> Target {
        if holdsToken(path) || holdsToken(query) { return Target(path: Self.mask, query: Self.mask, isSecret: true) }
        guard Self.isNameOfSecret(query) else { return Target(path: path, query: query, isSecret: false) }
        let pairs = query.split(separator: "&", omittingEmptySubsequences: false).map { pair in
            let name = pair.prefix { $0 != "=" }
            return Self.isNameOfSecret(String(name)) ? name + "=" + Self.mask : pair
        }
        return Target(path: path, query: pairs.joined(separator: "&"), isSecret: false)
    }

    /// A line of the log without the token.
    ///
    /// - Parameter line: the line.
    /// - Returns: the line.
    func shown(line: String) -> String {
        guard Self.holds(token, in: line) else { return line }
        return line.replacing(String(decoding: token, as: UTF8.self), with: Self.mask)
    }

    /// Whether the token stands in a text, as it is or percent-encoded.
    private func holdsToken(_ text: String) -> Bool {
        Self.holds(token, in: text)
            || text.utf8.contains(UInt8(ascii: "%")) && Self.holds(token, in: Self.decoded(text))
    }

    private static func isNameOfSecret(_ text: String) -> Bool {
        let text = decoded(text.lowercased()).lowercased()
        return names.contains { holds($0, in: text) }
    }

    private static func holds(_ part: [UInt8], in text: String) -> Bool {
        guard let first = part.first else { return false }
        var text = text
        return text.withUTF8 { bytes in
            guard bytes.count >= part.count else { return false }
            return (0...(bytes.count - part.count)).contains { start in
                bytes[start] == first && bytes[start...].starts(with: part)
            }
        }
    }

    /// Percent signs without two hex digits stay, unlike where arguments are read: nothing may hide a token here.
    private static func decoded(_ text: String) -> String {
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            let digits = bytes[min(index + 1, bytes.count)..<min(index + 3, bytes.count)]
            if bytes[index] == UInt8(ascii: "%"), digits.count == 2,
                let byte = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
            {
                result.append(byte)
                index += 3
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
