import Foundation

/// Whom ssh is to call: `[user@]host[:port]`.
///
/// The parts go to ssh as arguments of their own and into a URI, so what could be taken there for an option or a
/// delimiter is refused here.
public struct SSHDestination: Hashable, Sendable {
    /// The user; nil leaves the choice to ssh and its configuration.
    public let user: String?
    /// A host name, an alias of ssh_config, an IPv4 address, or an IPv6 address without its brackets.
    public let host: String
    /// The port; nil leaves the choice to ssh and its configuration.
    public let port: Int?

    /// Reads `[user@]host[:port]`; an IPv6 address stands in brackets where a port follows.
    ///
    /// - Parameter text: the destination as written.
    /// - Throws: `Failure` with the code `invalidRequest`.
    public init(_ text: String) throws(Failure) {
        var rest = Substring(text)
        if let at = rest.lastIndex(of: "@") {
            let user = String(rest[..<at])
            guard Self.isName(user, also: "._-") else {
                throw Failure(.invalidRequest, "'\(text)': '\(user)' is no user name")
            }
            self.user = user
            rest = rest[rest.index(after: at)...]
        } else {
            user = nil
        }
        let (host, portText) = Self.split(rest)
        guard Self.isHost(host) else {
            throw Failure(.invalidRequest, "'\(text)': '\(host)' is no host; write [user@]host[:port] or a libvirt URI")
        }
        self.host = String(host)
        guard let portText else {
            port = nil
            return
        }
        guard let port = UInt16(portText), port > 0, portText.utf8.first != UInt8(ascii: "+") else {
            throw Failure(.invalidRequest, "'\(text)': '\(portText)' is no port; ports are 1 to 65535")
        }
        self.port = Int(port)
    }

    /// `[user@]host[:port]` as a URI has it.
    public var authority: String {
        let hostText = host.contains(":") ? "[\(host)]" : host
        return (user.map { $0 + "@" } ?? "") + hostText + (port.map { ":\($0)" } ?? "")
    }

    /// Splits host and port; a bare IPv6 address has more than one colon and no port.
    private static func split(_ text: Substring) -> (host: Substring, port: Substring?) {
        if text.first == "[", let close = text.firstIndex(of: "]") {
            let after = text[text.index(after: close)...]
            let host = text[text.index(after: text.startIndex)..<close]
            if after.isEmpty { return (host, nil) }
            // Anything but a colon after the bracket makes no valid host.
            return after.first == ":" ? (host, after.dropFirst()) : (text, nil)
        }
        let colons = text.filter { $0 == ":" }.count
        guard colons == 1, let colon = text.firstIndex(of: ":") else { return (text, nil) }
        return (text[..<colon], text[text.index(after: colon)...])
    }

    private static func isHost(_ host: Substring) -> Bool {
        host.contains(":") ? isIPv6(host) : host.utf8.count <= 253 && isName(String(host), also: "._-")
    }

    /// An IPv6 address as inet_pton(3) reads it, without a zone: a URI would have to escape its percent sign.
    private static func isIPv6(_ host: Substring) -> Bool {
        var address = in6_addr()
        // inet_pton would take a NUL for the end.
        return host.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } && inet_pton(AF_INET6, String(host), &address) == 1
    }

    /// ASCII letters and digits, and `also` but not first: no leading dash that ssh could take for an option.
    private static func isName(_ text: String, also extra: String) -> Bool {
        guard let first = text.first, first.isASCII, first.isLetter || first.isNumber || first == "_" else {
            return false
        }
        return text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || extra.contains($0)) }
    }
}
