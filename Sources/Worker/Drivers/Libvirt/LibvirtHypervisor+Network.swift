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
        guard guestNetwork != nil else { return }
        try await perform("looking its network up") { [self] session in _ = try startNetwork(in: session) }
    }

    /// Starts the network of guests where it is switched off and libvirt was to start it.
    ///
    /// - Parameter session: where.
    /// - Returns: false where there was nothing to do.
    /// - Throws: `Failure` where it is missing or is to stay switched off.
    func startNetwork(in session: Session) throws -> Bool {
        guard let name = guestNetwork else { return false }
        let memory = session.memory.value { NetworkMemory() }
        // A network that was defined anew is another one.
        if let known = memory.network, try known.isActiveUnlessMissing() { return false }
        memory.network = nil
        guard let network = try network(name, in: session) else {
            throw failure(.networkUnavailable, "it has no libvirt network '\(name)': define it there, \(choices)")
        }
        let isActive = try network.isActive()
        if !isActive {
            guard try network.startsByItself() else {
                throw failure(
                    .networkUnavailable,
                    "its libvirt network '\(name)' is switched off: start it there (virsh net-start \(name)), \(choices)"
                )
            }
            try start(network, name)
        }
        memory.network = network
        return !isActive
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

/// What a connection's memory keeps of the network.
private final class NetworkMemory {
    var network: Network?
}

extension Network {
    fileprivate func isActiveUnlessMissing() throws(LibvirtError) -> Bool {
        do {
            return try isActive()
        } catch  where error.kind == .noSuchNetwork {
            return false
        }
    }
}
