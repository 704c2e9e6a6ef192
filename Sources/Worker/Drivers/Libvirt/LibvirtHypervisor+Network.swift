import Libvirt
import Logging
import Model

extension LibvirtHypervisor {
    /// The network that guests are attached to; nil where they are to have none.
    var guestNetwork: String? {
        let name = listing.network ?? settings.network
        return name == PMListing.noNetwork ? nil : name
    }

    func ensureNetwork() async throws(Failure) {
        guard let name = guestNetwork else { return }
        try await perform("looking its network up") { [self] session in
            guard let network = try network(name, in: session) else {
                throw failure(.networkUnavailable, "it has no libvirt network '\(name)': define it there, \(choices)")
            }
            guard try !network.isActive() else { return }
            guard try network.startsByItself() else {
                throw failure(
                    .networkUnavailable,
                    "its libvirt network '\(name)' is switched off: start it there (virsh net-start \(name)), \(choices)"
                )
            }
            try start(network, name)
        }
    }

    /// What else people can do about a network.
    private var choices: String {
        "or choose another one in the pm_file (network=NAME; network=none for VMs without one)"
    }

    /// The network, nil where there is none; so it is for a driver without networks.
    private func network(_ name: String, in session: Session) throws(LibvirtError) -> Network? {
        do {
            return try session.network(name: name)
        } catch  where error.kind == .unsupported {
            return nil
        }
    }

    /// Starts a network that libvirt was to start by itself.
    private func start(_ network: Network, _ name: String) throws {
        do throws(LibvirtError) {
            try network.start()
            logger.notice("network started, as libvirt was to do by itself", metadata: ["network": "\(name)"])
        } catch {
            // Another one may have been faster.
            if try network.isActive() { return }
            guard !error.kind.isConnectionFault else { throw error }
            throw failure(
                .networkUnavailable,
                "its libvirt network '\(name)' is switched off and does not start: see libvirtd's log there, \(choices)",
                cause: error.description
            )
        }
    }
}
