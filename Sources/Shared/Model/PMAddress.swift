/// Where a PM is: `[user@]host[:port]`, `localhost`, a libvirt URI, or nowhere, where it is simulated.
public struct PMAddress: Hashable, Sendable, CustomStringConvertible {
    /// How the PM is reached.
    public enum Route: Hashable, Sendable {
        /// This machine itself: libvirt over its local socket, measures without ssh.
        case local
        /// Over ssh.
        case ssh(SSHDestination)
        /// By libvirt alone, at a URI that names no machine of which ssh could tell more.
        case libvirtOnly
        /// Not at all: it is only pretended.
        case simulated(SimulatedMachine)
    }

    /// The address as the PM file has it; a PM keeps its number as long as this text stays.
    public let description: String
    /// The URI for `virConnectOpen`; of a simulated PM, what it is known by.
    public let libvirtURI: String
    /// How the PM is reached.
    public let route: Route

    /// Reads an address.
    ///
    /// - Parameter text: the address as written.
    /// - Throws: `Failure` with the code `invalidRequest`, which says what is wrong with it.
    public init(_ text: String) throws(Failure) {
        description = text
        if text == "localhost" {
            route = .local
            libvirtURI = "qemu:///system"
        } else if text.hasPrefix("simulated:") {
            let machine = try SimulatedMachine(address: text)
            (route, libvirtURI) = (.simulated(machine), machine.uri)
        } else if text.contains("://") {
            (route, libvirtURI) = (try Self.route(ofURI: text), text)
        } else {
            let destination = try SSHDestination(text)
            route = .ssh(destination)
            libvirtURI = "qemu+ssh://\(destination.authority)/system?no_tty=1"
        }
    }

    private static func route(ofURI text: String) throws(Failure) -> Route {
        let parts = text.split(separator: ":", maxSplits: 1)
        let scheme = parts[0]
        guard let first = scheme.first, first.isASCII, first.isLetter,
            scheme.utf8.allSatisfy(isSchemeByte), parts.count == 2, parts[1].hasPrefix("//")
        else { throw Failure(.invalidRequest, "'\(text)' is no libvirt URI: write driver[+transport]://[host]/path") }
        guard text.unicodeScalars.allSatisfy({ $0.isASCII && $0.value > 0x20 && $0.value < 0x7F }) else {
            throw Failure(.invalidRequest, "'\(text)' holds a space or a character outside ASCII")
        }
        let rest = parts[1].dropFirst(2)
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        if scheme == "test" || scheme.hasPrefix("test+") { return .libvirtOnly }
        if authority.isEmpty { return .local }
        // libvirt's three ways over ssh; for a measure, OpenSSH reaches the same machine.
        guard ["ssh", "libssh", "libssh2"].contains(scheme.split(separator: "+").last) else { return .libvirtOnly }
        return .ssh(try SSHDestination(String(authority)))
    }

    private static func isSchemeByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}
