/// Where a PM is: `[user@]host[:port]`, `localhost`, a libvirt URI, or nowhere, where it is simulated.
package struct PMAddress: Hashable, Sendable, CustomStringConvertible {
    /// How the PM is reached.
    package enum Route: Hashable, Sendable {
        /// This machine itself: libvirt over its local socket, measures without ssh.
        case local
        /// Over ssh.
        case ssh(SSHDestination)
        /// By libvirt alone, at a URI that names no machine that ssh could reach.
        case libvirtOnly
        /// Not at all: it is only pretended.
        case simulated(SimulatedPM)
    }

    /// The address as the PM file has it; a PM keeps its number as long as this text stays.
    package let description: String
    /// The URI for `virConnectOpen`; of a simulated PM, what it is known by.
    package let libvirtURI: String
    /// How the PM is reached.
    package let route: Route

    /// The address of a PM whose record has none; no file can contain it, since it has a space.
    package static let unreadable = PMAddress(description: "not readable", libvirtURI: "", route: .libvirtOnly)

    private init(description: String, libvirtURI: String, route: Route) {
        self.description = description
        self.libvirtURI = libvirtURI
        self.route = route
    }

    /// Reads an address.
    ///
    /// - Parameter text: the address as written.
    /// - Throws: `Failure` with the code `invalidRequest`, which says what is wrong with it.
    package init(_ text: String) throws(Failure) {
        description = text
        if text == "localhost" {
            route = .local
            libvirtURI = "qemu:///system"
        } else if text.hasPrefix("simulated:") {
            let machine = try SimulatedPM(address: text)
            (route, libvirtURI) = (.simulated(machine), machine.uri)
        } else if text.contains("://") {
            (route, libvirtURI) = (try Self.route(ofURI: text), text)
        } else {
            let destination = try SSHDestination(text)
            route = .ssh(destination)
            libvirtURI = "qemu+ssh://\(destination.authority)/system?no_tty=1"
        }
    }

    /// By what a libvirt URI reaches its machine, and how that is measured.
    private static func route(ofURI text: String) throws(Failure) -> Route {
        let uri = try LibvirtURI(text)
        switch uri.transport {
        case _ where uri.driver == "test": return .libvirtOnly
        case .unix: return .local
        // libvirt's three ways over ssh; for a measure, OpenSSH reaches the same machine.
        case .ssh, .libssh, .libssh2: return uri.destination.map(Route.ssh) ?? .libvirtOnly
        case .tls, .tcp, .ext: return .libvirtOnly
        }
    }
}
