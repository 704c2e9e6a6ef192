import Foundation
import Libvirt
import Logging
import Model
import NIOConcurrencyHelpers

extension LibvirtHypervisor {
    func inventory() async throws(Failure) -> HypervisorInventory {
        let guests = try await guestTraits()
        return try await perform("taking its inventory") { [self] session in
            let node = try session.nodeInfo()
            let hostname = try session.hostname()
            let pool = try pool(in: session)
            try refresh(pool)
            let storage = try pool.info()
            return HypervisorInventory(
                cpus: node.cpus,
                memoryMiB: node.memoryKiB / 1024,
                architecture: guests.host.architecture,
                hostname: hostname,
                // Drivers that pretend have no host; their URI tells them apart.
                hostUUID: guests.host.hostUUID ?? listing.address.libvirtURI,
                poolCapacity: storage.capacity,
                poolAvailable: storage.available,
                domainType: guests.domainType.type,
                domainTypeReason: guests.domainType.reason,
                domains: try session.domains().compactMap(summary),
                volumes: try pool.volumes().compactMap(summary)
            )
        }
    }

    func contents() async throws(Failure) -> PMContents {
        try await perform("listing what is there") { [self] session in
            let domains = try session.domains().compactMap(summary)
            guard let pool = try existingPool(in: session) else { return PMContents(domains: domains, volumes: []) }
            try refresh(pool)
            return PMContents(domains: domains, volumes: try pool.volumes().compactMap(summary))
        }
    }

    /// Reads the pool's figures anew.
    ///
    /// libvirt refuses while a volume is being made or sent; the figures of the last refresh do meanwhile.
    func refresh(_ pool: StoragePool) throws(LibvirtError) {
        do {
            try pool.refresh()
        } catch {
            guard !error.kind.isConnectionFault else { throw error }
            logger.debug("pool not refreshed", metadata: ["error": "\(error)"])
        }
    }

    /// What is known of one volume; nil where it is not called as ours are, or went away since it was listed.
    private func summary(of volume: Volume) throws(LibvirtError) -> VolumeSummary? {
        do throws(LibvirtError) {
            let name = try volume.name()
            return name.hasPrefix("hvc-") ? VolumeSummary(name: name, allocation: try volume.info().allocation) : nil
        } catch  where !error.kind.isConnectionFault {
            return nil
        }
    }

    /// What is known of one domain; nil where it went away since it was listed.
    private func summary(of domain: Domain) throws(LibvirtError) -> DomainSummary? {
        do throws(LibvirtError) {
            let uuid = try domain.uuid()
            let info = try domain.info()
            let text = try domain.metadata(namespace: VirtualMachine.metadataNamespace)
            let record = text.flatMap(VirtualMachine.read(metadata:))
            if text != nil && record == nil { warnOfRecord(in: try domain.name(), uuid) }
            // A copy of one of our domains carries the record of another: it is not ours.
            let isOurs = record?.vm.uuid == uuid
            let (state, reason) = try isOurs ? standing(of: domain, in: info.state) : (nil, nil)
            return DomainSummary(
                uuid: uuid.uuidString.lowercased(),
                name: try domain.name(),
                isActive: domain.wasActive,
                cpu: info.cpus,
                ramMiB: info.maximumMemoryKiB / 1024,
                record: isOurs ? record?.vm : nil,
                cell: isOurs ? record?.cell : nil,
                state: state,
                stateReason: reason
            )
        } catch  where error.kind == .noSuchDomain {
            return nil
        }
    }

    /// What a VM does whose domain is in a state of libvirt's, and why.
    ///
    /// The reason is asked for only where the guest does not run, so that nothing is added to a probe of those that do.
    private func standing(of domain: Domain, in state: DomainState) throws(LibvirtError) -> (VMState?, String?) {
        switch state {
        case .running, .blocked, .shuttingDown: return (.running, nil)
        case .suspended: return (.paused, "suspended by the guest")
        case .unknown: return (nil, nil)
        case .paused, .crashed, .shutOff: break
        }
        let (state, number) = try domain.state()
        let reason = state.words(forReason: number)
        switch state {
        case .paused, .shutOff: return (reason == "crashed" ? .crashed : state == .paused ? .paused : .stopped, reason)
        case .crashed: return (.crashed, reason)
        default: return (.running, nil)
        }
    }

    /// Says once that a domain carries a record of our kind that is not to be taken.
    private func warnOfRecord(in name: String, _ uuid: UUID) {
        let isKnown = refusedRecords.withLockedValue { known in
            if known.count > 1000 { known.removeAll() }
            return !known.insert(uuid).inserted
        }
        guard !isKnown else { return }
        logger.warning(
            """
            a domain carries a record of ours that cannot be taken, and counts as foreign: something in it is missing, or a \
            number is above \(VMID.highestAdopted) or an amount above what a type may have
            """,
            metadata: ["domain": "\(name)", "uuid": "\(uuid)"]
        )
    }
}
