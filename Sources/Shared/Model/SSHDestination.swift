import Foundation

/// Whom ssh is to call: `[user@]host[:port]`, and what a libvirt URI says of the call.
///
/// The parts go to ssh as arguments of their own and into a URI, so what could be taken there for an option or a
/// delimiter is refused here.
package struct SSHDestination: Hashable, Sendable {
    /// The user; nil leaves the choice to ssh and its configuration.
    package let user: String?
    /// A host name, an alias of ssh_config, an IPv4 address, or an IPv6 address without its brackets.
    package let host: String
    /// The port; nil leaves the choice to ssh and its configuration.
    package let port: Int?
    /// What is left to ssh_config where nothing is said.
    package let options: SSHOptions

    /// Reads `[user@]host[:port]`; an IPv6 address stands in brackets where a port follows.
    ///
    /// - Parameter text: the destination as written.
    /// - Throws: `Failure` with the code `invalidRequest`.
    package init(_ text: String) throws(Failure) {
        let at = text.lastIndex(of: "@")
        try self.init(
            user: at.map { String(text[..<$0]) },
            place: at.map { text[text.index(after: $0)...] } ?? text[...],
            options: SSHOptions(),
            written: text
        )
    }

    /// Takes a user and `host[:port]`.
    ///
    /// - Parameters:
    ///   - user: the user, without what a URI does to its characters.
    ///   - place: `host[:port]`.
    ///   - options: what a libvirt URI says of the call.
    ///   - written: the whole as written, for messages.
    /// - Throws: `Failure` with the code `invalidRequest`.
    init(user: String?, place: Substring, options: SSHOptions, written: String) throws(Failure) {
        if let user, let fault = SSHUser.fault(of: user) {
            throw Failure(.invalidRequest, "'\(written)': '\(user)' \(fault)")
        }
        self.user = user
        self.options = options
        let (host, portText) = Self.split(place)
        let named = host.prefix { $0 != "/" }
        if portText?.hasPrefix("/") == true || host.contains("/"), Self.isHost(named) {
            let form = (user.map { $0 + "@" } ?? "") + named
            throw Failure(.invalidRequest, "'\(written)' has a path, and only the host goes here: write \(form)")
        }
        // So that `[hosts]`, as other programs' lists of machines have it, is not taken for the machine `hosts`.
        guard place.first != "[" || host.contains(":") else {
            throw Failure(
                .invalidRequest,
                "'\(written)': '\(host)' is no IPv6 address, and only that stands in brackets: write a host without"
            )
        }
        guard !Self.isNumeric(host) || Self.isIPv4(host) else {
            throw Failure(.invalidRequest, "'\(written)': '\(host)' is no IPv4 address: write it as 10.0.0.5")
        }
        guard Self.isHost(host) else {
            throw Failure(
                .invalidRequest,
                "'\(written)': '\(host)' is no host; write [user@]host[:port] or a libvirt URI"
            )
        }
        self.host = String(host)
        guard let portText else {
            port = nil
            return
        }
        guard let port = UInt16(portText), port > 0, portText.utf8.first != UInt8(ascii: "+") else {
            throw Failure(.invalidRequest, "'\(written)': '\(portText)' is no port; ports are 1 to 65535")
        }
        self.port = Int(port)
    }

    /// `[user@]host[:port]` as a URI has it (RFC 3986): libvirt takes the user out of its percent form.
    package var authority: String {
        let hostText = host.contains(":") ? "[\(host)]" : host
        let plain = CharacterSet(charactersIn: SSHUser.plainCharacters)
        let userText = user.map { ($0.addingPercentEncoding(withAllowedCharacters: plain) ?? $0) + "@" } ?? ""
        return userText + hostText + (port.map { ":\($0)" } ?? "")
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
        host.contains(":") ? isIPv6(host) : host.utf8.count <= 253 && SSHUser.isName(host, also: "._-")
    }

    /// True for digits with dots between, which no name of a machine is; digits alone may be an alias of ssh_config.
    private static func isNumeric(_ host: Substring) -> Bool {
        host.contains(".") && host.utf8.allSatisfy { $0 == UInt8(ascii: ".") || (0x30...0x39).contains($0) }
    }

    /// An IPv4 address as inet_pton(3) reads it: four numbers, none with a zero before it, which would make it octal.
    private static func isIPv4(_ host: Substring) -> Bool {
        var address = in_addr()
        return inet_pton(AF_INET, String(host), &address) == 1
    }

    /// An IPv6 address as inet_pton(3) reads it, without a zone: a URI would have to escape its percent sign.
    private static func isIPv6(_ host: Substring) -> Bool {
        var address = in6_addr()
        // inet_pton would take a NUL for the end.
        return host.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } && inet_pton(AF_INET6, String(host), &address) == 1
    }
}

/// What a libvirt URI says of the ssh that reaches the PM, which holds for measures too.
package struct SSHOptions: Hashable, Sendable {
    /// The private key, beside those of ssh_config (`keyfile=`); nil for those alone.
    package var keyFile: String?
    /// The program that takes the place of `ssh` (`command=`); nil for that.
    package var command: String?
    /// The hosts' keys, in place of the user's file (`known_hosts=`); nil for that.
    package var knownHostsFile: String?
    /// A host that is not known yet is entered there (`known_hosts_verify=auto`).
    package var acceptsNewHosts = false

    /// None.
    package init() {}
}
