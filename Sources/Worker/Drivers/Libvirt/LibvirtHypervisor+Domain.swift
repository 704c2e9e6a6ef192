import Libvirt
import Model

extension LibvirtHypervisor {
    func ensureDefined(_ vm: VirtualMachine, over image: ImageFile) async throws(Failure) {
        let guests = try await guestTraits()
        try await perform("defining VM \(vm.id)", grace: settings.grace) { [self] session in
            guard try ownDomain(of: vm, in: session) == nil else { return }
            if let other = try session.domain(name: vm.domainName) {
                throw failure(
                    .hypervisor,
                    "a domain that is not ours is called '\(vm.domainName)' (\(try other.uuid())): rename it there"
                )
            }
            guard let disk = try pool(in: session).volume(name: vm.diskName) else {
                throw failure(.hypervisor, "the disk of VM \(vm.id), '\(vm.diskName)', is gone: create the VM again")
            }
            let description = DomainDescription(
                vm: vm,
                domainType: guests.domainType.type,
                cell: settings.cell,
                host: guests.host,
                traits: guests.traits,
                disk: try disk.path(),
                network: guestNetwork,
                consoleLog: settings.consoleLogDirectory.map { "\($0)/\(vm.domainName)-console.log" }
            )
            _ = try session.defineDomain(xml: description.xml)
        }
    }

    func ensureRunning(_ vm: VirtualMachine) async throws(Failure) {
        try await perform("starting VM \(vm.id)", deadline: settings.startDeadline, grace: settings.grace) {
            [self] session in
            guard let domain = try ownDomain(of: vm, in: session) else {
                throw failure(.hypervisor, "VM \(vm.id) has no domain there: create the VM again")
            }
            let (state, reason) = try domain.state()
            switch state {
            case .running, .blocked: return
            case .suspended: try domain.wakeUp()
            case .paused where state.words(forReason: reason) != "crashed": try domain.resume()
            case .paused, .crashed:
                // What is left of a guest that crashed goes first.
                try end(domain)
                try start(domain)
            default: try start(domain)
            }
        }
    }

    /// The VM's domain, nil where there is none; a domain with its UUID and without its record is none of ours.
    func ownDomain(of vm: VirtualMachine, in session: Session) throws -> Domain? {
        guard let domain = try session.domain(uuid: vm.uuid) else { return nil }
        let record = try domain.metadata(namespace: VirtualMachine.metadataNamespace)
            .flatMap(VirtualMachine.init(metadata:))
        guard let record, record.id == vm.id, record.uuid == vm.uuid else {
            throw failure(
                .hypervisor,
                "domain '\(try domain.name())' has the UUID of VM \(vm.id) and does not carry its record: it is left "
                    + "alone; see what it is, and undefine it there if nobody needs it"
            )
        }
        return domain
    }

    private func start(_ domain: Domain) throws(LibvirtError) {
        do {
            try domain.start()
        } catch {
            // Another one may have been faster.
            guard error.kind == .operationInvalid, try domain.isActive() else { throw error }
        }
    }
}
