import Libvirt
import Logging
import Model

extension LibvirtHypervisor {
    /// The network of guests that ask for none; nil where they are to have none.
    var guestNetwork: String? {
        let name = listing.network ?? settings.network
        return name == PMListing.noNetwork ? nil : name
    }

    /// To what a VM's network cards are attached, in their order.
    func networks(of vm: VirtualMachine) -> [VMNetwork] {
        guard vm.constraints.networks.isEmpty else { return vm.constraints.networks }
        return guestNetwork.map { [VMNetwork(kind: .libvirt, name: $0)] } ?? []
    }

    func ensureNetwork(for vm: VirtualMachine) async throws(Failure) {
        guard networks(of: vm).contains(where: { $0.kind == .libvirt }) else { return }
        try await perform("looking its network up") { [self] session in _ = try startNetworks(of: vm, in: session) }
    }

    /// Starts the networks of a VM where they are switched off and libvirt was to start them.
    ///
    /// - Parameters:
    ///   - vm: the VM.
    ///   - session: where.
    /// - Returns: false where there was nothing to do.
    /// - Throws: `Failure` where one is missing or is to stay switched off.
    func startNetworks(of vm: VirtualMachine, in session: Session) throws -> Bool {
        var hasStarted = false
        for network in networks(of: vm) where network.kind == .libvirt {
            hasStarted = try startNetwork(network.name, of: vm, in: session) || hasStarted
        }
        return hasStarted
    }

    private func startNetwork(_ name: String, of vm: VirtualMachine, in session: Session) throws -> Bool {
        let memory = session.memory.value { NetworkMemory() }
        // A network that was defined anew is another one.
        if let known = memory.networks[name], try known.isActiveUnlessMissing() { return false }
        memory.networks[name] = nil
        guard let network = try network(name, in: session) else {
            throw failure(.networkUnavailable, "it has no libvirt network '\(name)': define it there, \(choices(vm))")
        }
        let isActive = try network.isActive()
        if !isActive {
            guard try network.startsByItself() else {
                let how = "start it there (virsh net-start \(name)), \(choices(vm))"
                throw failure(.networkUnavailable, "its libvirt network '\(name)' is switched off: \(how)")
            }
            try start(network, name, vm)
        }
        memory.networks[name] = network
        return !isActive
    }

    /// What libvirt says where a guest cannot start for want of a bridge.
    func missingBridge(of vm: VirtualMachine, in error: LibvirtError) -> Failure? {
        let bridges = networks(of: vm).filter { $0.kind == .bridge }
        guard let bridge = bridges.first(where: { error.message.contains("'\($0.name)'") }) else { return nil }
        return failure(
            .networkUnavailable,
            "its bridge '\(bridge.name)' does not take a network card: see whether it is there (ip link show \(bridge.name))",
            cause: error.description
        )
    }

    /// What else people can do about a network.
    private func choices(_ vm: VirtualMachine) -> String {
        guard vm.constraints.networks.isEmpty else { return "or ask for another one in networks" }
        return "or choose another one in the pm_file (network=NAME; network=none for VMs without one)"
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
    private func start(_ network: Network, _ name: String, _ vm: VirtualMachine) throws {
        do throws(LibvirtError) {
            try network.start()
            logger.notice("network started, as libvirt was to do by itself", metadata: ["network": "\(name)"])
        } catch {
            // Another one may have been faster.
            if try network.isActive() { return }
            guard !error.kind.isConnectionFault else { throw error }
            let how = "see libvirtd's log there, \(choices(vm))"
            throw failure(
                .networkUnavailable,
                "its libvirt network '\(name)' is switched off and does not start: \(how)",
                cause: error.description
            )
        }
    }
}

/// What a connection's memory keeps of networks, by name.
private final class NetworkMemory {
    var networks: [String: Network] = [:]
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
