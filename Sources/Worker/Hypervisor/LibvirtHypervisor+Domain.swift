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
                network: try activeNetwork(in: session),
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
            switch try domain.state().state {
            case .running, .blocked: return
            case .paused: try domain.resume()
            default: try start(domain)
            }
        }
    }

    func remove(_ vm: VirtualMachine) async throws(Failure) {
        try await perform("removing VM \(vm.id)", deadline: settings.startDeadline, grace: settings.grace) {
            [self] session in
            if let domain = try ownDomain(of: vm, in: session) {
                try end(domain)
                try undefine(domain)
            }
            guard let pool = try existingPool(in: session), let disk = try pool.volume(name: vm.diskName) else {
                return
            }
            do throws(LibvirtError) {
                try disk.delete()
            } catch {
                // Another one may have been faster.
                guard error.kind == .noSuchVolume else { throw error }
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

    private func end(_ domain: Domain) throws {
        guard try domain.isActive() else { return }
        do throws(LibvirtError) {
            try domain.destroy()
        } catch {
            // It may have ended by itself meanwhile.
            guard error.kind == .operationInvalid || error.kind == .noSuchDomain else { throw error }
        }
    }

    /// Undefines with all that goes with it, as far as this driver and version know of it.
    private func undefine(_ domain: Domain) throws {
        let attempts: [Domain.UndefineOptions] = [
            .everything, [.managedSave, .snapshotRecords, .firmwareVariables], [.managedSave, .snapshotRecords], [],
        ]
        for options in attempts {
            do throws(LibvirtError) {
                return try domain.undefine(options)
            } catch {
                if error.kind == .noSuchDomain { return }
                let isUnknownOption = error.kind == .invalidArgument || error.kind == .unsupported
                guard isUnknownOption, !options.isEmpty else { throw error }
            }
        }
    }

    private func activeNetwork(in session: Session) throws -> String? {
        do throws(LibvirtError) {
            guard let network = try session.network(name: settings.network) else { return nil }
            return try network.isActive() ? settings.network : nil
        } catch {
            // A driver without networks.
            guard error.kind == .unsupported else { throw error }
            return nil
        }
    }
}
