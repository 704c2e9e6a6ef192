import Libvirt
import Model

extension LibvirtHypervisor {
    /// The one step that checks first: libvirt replaces the definition of a domain that has this name and UUID without a word,
    /// and with it what a snapshot made of its disk meanwhile.
    func ensureDefined(_ vm: VirtualMachine, over image: ImageFile) async throws(Failure) {
        let guests = try await guestTraits()
        try await perform("defining VM \(vm.id)", grace: settings.grace) { [self] session in
            guard try ownDomain(of: vm, in: session) == nil else { return }
            let (disk, seed) = try withPool(in: session) { known in
                for name in [vm.diskName] + (vm.seed == nil ? [] : [vm.seedName])
                where try known.pool.volume(name: name) == nil {
                    throw failure(.hypervisor, "a disk of VM \(vm.id), '\(name)', is missing: create the VM again")
                }
                return (known.path(of: vm.diskName), vm.seed.map { _ in known.path(of: vm.seedName) })
            }
            let description = DomainDescription(
                vm: vm,
                domainType: guests.domainType.type,
                cell: settings.cell,
                host: guests.host,
                traits: guests.traits,
                disk: disk,
                seed: seed,
                networks: networks(of: vm),
                consoleLog: consoleLog(of: vm)
            )
            do throws(LibvirtError) {
                _ = try session.defineDomain(xml: description.xml)
            } catch {
                guard error.kind == .alreadyExists, let other = try session.domain(name: vm.domainName) else {
                    throw error
                }
                throw failure(
                    .hypervisor,
                    "a domain that is not ours is called '\(vm.domainName)' (\(try other.uuid())): rename it there"
                )
            }
        }
    }

    func ensureRunning(_ vm: VirtualMachine) async throws(Failure) {
        try await perform("starting VM \(vm.id)", deadline: settings.startDeadline, grace: settings.grace) {
            [self] session in
            guard let domain = try session.domain(uuid: vm.uuid) else {
                throw failure(.hypervisor, "VM \(vm.id) has no domain there: create the VM again")
            }
            // One that has the VM's UUID and its name is the VM's; another name may mean that somebody else made it.
            if try domain.name() != vm.domainName { try checkRecord(of: domain, vm) }
            do throws(LibvirtError) {
                try domain.start()
            } catch {
                guard !error.kind.isConnectionFault else { throw error }
                try recover(domain, of: vm, from: error, in: session)
            }
            try boundAgent(of: domain, vm)
        }
    }

    /// Brings a domain to run that could not be started as one that is switched off can.
    private func recover(_ domain: Domain, of vm: VirtualMachine, from error: LibvirtError, in session: Session) throws
    {
        let (state, reason) = try domain.state()
        switch state {
        case .running, .blocked: return
        case .suspended: try domain.wakeUp()
        case .paused where state.words(forReason: reason) != "crashed": try domain.resume()
        case .paused, .crashed:
            // What is left of a guest that crashed goes first.
            try end(domain)
            try start(domain)
        default:
            // libvirt has no code of its own for a network that is switched off.
            if let missing = missingBridge(of: vm, in: error) { throw missing }
            guard try startNetworks(of: vm, in: session) else { throw error }
            try start(domain)
        }
    }

    /// The VM's domain, nil where there is none; a domain with its UUID and without its record is none of ours.
    func ownDomain(of vm: VirtualMachine, in session: Session) throws -> Domain? {
        guard let domain = try session.domain(uuid: vm.uuid) else { return nil }
        try checkRecord(of: domain, vm)
        return domain
    }

    private func checkRecord(of domain: Domain, _ vm: VirtualMachine) throws {
        let record = try domain.metadata(namespace: VirtualMachine.metadataNamespace)
            .flatMap(VirtualMachine.init(metadata:))
        guard let record, record.id == vm.id, record.uuid == vm.uuid else {
            throw failure(
                .hypervisor,
                "domain '\(try domain.name())' has the UUID of VM \(vm.id) and does not carry its record: it is left "
                    + "alone; see what it is, and undefine it there if nobody needs it"
            )
        }
    }

    private func start(_ domain: Domain) throws(LibvirtError) {
        do {
            try domain.start()
        } catch {
            // Another one may have been faster.
            guard error.kind == .operationInvalid, try domain.isActive() else { throw error }
        }
    }

    /// Ends a domain at once, whether it runs or not.
    func end(_ domain: Domain) throws {
        do throws(LibvirtError) {
            try domain.destroy()
        } catch {
            // It did not run, or ended by itself meanwhile.
            guard error.kind == .operationInvalid || error.kind == .noSuchDomain else { throw error }
        }
    }
}
