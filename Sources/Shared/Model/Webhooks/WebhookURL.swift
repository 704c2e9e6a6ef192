/// The URL of a webhook, taken apart strictly: what is refused here no other program can read as another host.
package struct WebhookURL: Hashable, Sendable {
    package enum Scheme: String, Sendable {
        case https
        case http
    }

    package let scheme: Scheme
    /// A name in lower case, or an address without brackets.
    package let host: String
    /// The host where it is an address.
    package let address: IPAddress?
    package let port: Int
    /// The path and the query.
    package let target: String

    package static let longest = 2048

    /// The form of URLs with https, for documents.
    package static let pattern: String = {
        let label = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
        let name = "(?:\(label)\\.)*[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
        let octet = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
        let host = "(?:\(name)|(?:\(octet)\\.){3}\(octet)|\\[[0-9A-Fa-f:]{2,39}\\])"
        let port = "(?::(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?"
        let plain = "[A-Za-z0-9._~%!$&'()*+,;=:@/?-]*"
        return "^https://\(host)\(port)(?:[/?]\(plain))?$"
    }()

    /// Reads a URL.
    ///
    /// - Parameter text: the URL.
    /// - Throws: `Failure` with `invalidRequest` that says what is wrong with it.
    package init(_ text: String) throws(Failure) {
        guard text.utf8.count <= Self.longest, let colon = text.firstRange(of: "://") else { throw .url("is no URL") }
        guard let scheme = Scheme(rawValue: text[..<colon.lowerBound].lowercased()) else {
            throw .url("does not begin with https://")
        }
        let rest = text[colon.upperBound...]
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        let tail = rest[end...]
        guard tail.utf8.allSatisfy(Self.isPlain) else {
            throw .url("has a fragment, or a character that must be written as %XX")
        }
        let (host, port) = try Self.authority(rest[..<end])
        self.scheme = scheme
        self.host = host.lowercased()
        address = IPAddress(host)
        self.port = port ?? (scheme == .https ? 443 : 80)
        target = tail.hasPrefix("/") ? String(tail) : "/" + tail
        if address == nil, !Self.isName(host) { throw .url("has a host that is neither a name nor an address") }
    }

    /// The host and the port of `host:port`; an IPv6 address stands in brackets.
    private static func authority(_ text: Substring) throws(Failure) -> (host: String, port: Int?) {
        if text.contains("@") { throw .url("has a user or a password in it: the signature says who sends") }
        let isBracketed = text.first == "["
        let separator = isBracketed ? text.lastIndex(of: "]").map { text.index(after: $0) } : text.firstIndex(of: ":")
        if isBracketed, separator == nil { throw .url("has a bracket that is not closed") }
        let end = separator ?? text.endIndex
        let (name, rest) = (text[..<end], text[end...])
        var port: Int?
        if !rest.isEmpty {
            let digits = rest.dropFirst()
            guard rest.first == ":", digits.first != "0", digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let number = Int(digits), (1...65535).contains(number)
            else { throw .url("has a port that is no number from 1 to 65535") }
            port = number
        }
        let host = isBracketed ? String(name.dropFirst().dropLast()) : String(name)
        guard isBracketed == host.contains(":") else { throw .url("has a host that is neither a name nor an address") }
        return (host, port)
    }

    /// Labels of letters, digits and hyphens (RFC 1123, 2.1); the last one begins with a letter, so that no program takes it
    /// for an address in another notation, such as `0x7f.1`.
    private static func isName(_ host: String) -> Bool {
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        let arePlain = labels.allSatisfy { label in
            (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                && label.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
        }
        return arePlain && labels.last?.first?.isLetter == true
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            || "._~%!$&'()*+,;=:@/?-".utf8.contains(byte)
    }
}

extension WebhookURL: CustomStringConvertible {
    /// The URL as it is asked for: with its port, and without anything that could be read in another way.
    package var description: String {
        let name = address?.isIPv6 == true ? "[\(host)]" : host
        return "\(scheme.rawValue)://\(name):\(port)\(target)"
    }
}

extension Failure {
    fileprivate static func url(_ problem: String) -> Failure {
        Failure(.invalidRequest, "url \(problem): give one such as https://receiver.example/events")
    }
}
