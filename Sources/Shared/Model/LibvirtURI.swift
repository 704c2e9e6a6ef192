import Foundation

/// A libvirt URI, as far as it decides how a PM is reached: `driver[+transport]://[user@][host][:port]/path[?name=value&…]`.
///
/// It follows libvirt 9 (docs/uri.rst, src/remote/remote_driver.c, src/util/viruri.c). What libvirt would ignore there, or
/// refuse each time that it connects, is refused here with the reason: the PM would never come up.
struct LibvirtURI {
    /// How libvirt reaches its daemon.
    enum Transport: String, CaseIterable {
        case unix
        case ssh
        case libssh
        case libssh2
        case tls
        case tcp
        case ext

        static let overSSH: Set<Transport> = [.ssh, .libssh, .libssh2]
    }

    /// The driver: `qemu`, or libvirt's own `test`.
    let driver: String
    /// How libvirt reaches its daemon; tls where a host is named and nothing else is said.
    let transport: Transport
    /// The machine that it names; nil for this one.
    let destination: SSHDestination?

    private static let drivers = ["qemu", "test"]
    /// What RFC 3986 has in a URI but for the sign of a fragment; libxml2, which libvirt reads it with, takes nothing else.
    private static let characters = CharacterSet(
        charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:/?[]@!$&'()*+,;=%"
    )

    /// Reads a URI.
    ///
    /// - Parameter text: the URI as written.
    /// - Throws: `Failure` with the code `invalidRequest`, which says what is wrong and what to write.
    init(_ text: String) throws(Failure) {
        func fault(_ reason: String) -> Failure { Failure(.invalidRequest, "'\(text)' \(reason)") }
        guard let colon = text.range(of: "://") else { throw fault("is no libvirt URI: write \(Self.form)") }
        let words = text[..<colon.lowerBound].split(separator: "+", omittingEmptySubsequences: false)
        let rest = text[colon.upperBound...]
        driver = String(words.first ?? "")
        guard Self.drivers.contains(driver), words.count <= 2 else {
            throw fault(Self.faultOfScheme(String(text[..<colon.lowerBound]), rest: rest))
        }
        guard rest.unicodeScalars.allSatisfy(Self.characters.contains) else {
            throw fault("holds a character that no URI has: write it in percent form, as %5C for a backslash")
        }
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        let authority = rest[..<end]
        let question = rest.firstIndex(of: "?")
        transport = try Self.transport(words.count > 1 ? words[1] : nil, hasHost: !authority.isEmpty, fault)
        let parameters = try LibvirtURIParameters(
            question.map { rest[rest.index(after: $0)...] } ?? "",
            transport: transport,
            fault: fault
        )
        let path = rest[end..<max(end, question ?? rest.endIndex)]
        if driver == "qemu", parameters.remoteName == nil, !["/system", "/session", "/embed"].contains(path) {
            throw fault("names no libvirt of qemu: write /system behind the host, as \(Self.form)")
        }
        destination = try Self.destination(authority, transport: transport, parameters.ssh, written: text, fault)
    }

    private static let form = "qemu+ssh://[user@]host[:port]/system or qemu:///system"

    private static func faultOfScheme(_ scheme: String, rest: Substring) -> String {
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        if ["ssh", "sftp", "scp"].contains(scheme), !authority.isEmpty {
            return "is no libvirt URI: write the address alone, \(authority), or \(form)"
        }
        return "is no URI that a PM is reached by; libvirt's drivers here are \(drivers.joined(separator: " and ")): "
            + "write [user@]host[:port], \(form)"
    }

    private static func transport(
        _ name: Substring?,
        hasHost: Bool,
        _ fault: (String) -> Failure
    ) throws(Failure) -> Transport {
        guard let name else { return hasHost ? .tls : .unix }
        guard let transport = Transport(rawValue: String(name)) else {
            let names = Transport.allCases.map(\.rawValue)
            let advice = "write one of \(names.joined(separator: ", "))" + names.didYouMean(String(name))
            throw fault("has the transport '\(name)', which libvirt has not: \(advice)")
        }
        if transport == .unix, hasHost { throw fault("names a host, which a unix socket has not: write \(form)") }
        if !hasHost, transport != .unix, transport != .ext { throw fault("names no host: write \(form)") }
        return transport
    }

    private static func destination(
        _ authority: Substring,
        transport: Transport,
        _ options: SSHOptions,
        written: String,
        _ fault: (String) -> Failure
    ) throws(Failure) -> SSHDestination? {
        guard !authority.isEmpty else { return nil }
        let at = authority.lastIndex(of: "@")
        let place = at.map { authority[authority.index(after: $0)...] } ?? authority
        guard let at else {
            return try SSHDestination(user: nil, place: place, options: options, written: written)
        }
        let encoded = String(authority[..<at])
        guard !encoded.contains("@") else {
            throw fault("has an @ in its user: write it as %40, as in alice%40corp.example.org@host")
        }
        guard let user = encoded.removingPercentEncoding else {
            throw fault("has a percent sign in its user that begins no two hexadecimal digits")
        }
        return try SSHDestination(user: user, place: place, options: options, written: written)
    }
}
