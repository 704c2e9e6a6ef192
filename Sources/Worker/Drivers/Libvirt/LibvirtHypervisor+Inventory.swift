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
            let (storage, volumes) = try withPool(in: session) { known in
                try refresh(known.pool)
                return (try known.pool.info(), try summaries(of: try known.pool.volumes()))
            }
            return HypervisorInventory(
                cpus: node.cpus,
                memoryMiB: node.memoryKiB / 1024,
                architecture: guests.host.architecture,
                hostname: guests.host.hostname,
                // Drivers that pretend have no host; their URI stands for it.
                hostUUID: guests.host.hostUUID ?? listing.address.libvirtURI,
                poolCapacity: storage.capacity,
                poolAvailable: storage.available,
                domainType: guests.domainType.type,
                domainTypeReason: guests.domainType.reason,
                domainTypeBasis: guests.domainType.basis,
                domains: try domains(in: session),
                volumes: volumes
            )
        }
    }

    func contents() async throws(Failure) -> PMContents {
        try await perform("listing what is there") { [self] session in
            let domains = try domains(in: session)
            return try withExistingPool(in: session) { known in
                guard let known else { return PMContents(domains: domains, volumes: []) }
                try refresh(known.pool)
                return PMContents(domains: domains, volumes: try summaries(of: try known.pool.volumes()))
            }
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

    /// What is known of the volumes that are called as ours are; those that went away since they were listed are left out.
    private func summaries(of volumes: [Volume]) throws(LibvirtError) -> [VolumeSummary] {
        var ours: [String: Volume] = [:]
        for volume in volumes {
            let name = try volume.name()
            if name.hasPrefix("hvc-") { ours[name] = volume }
        }
        let due = known.withLockedValue {
            $0.volumes.beginRound(Dictionary(uniqueKeysWithValues: ours.keys.map { ($0, $0) }))
        }
        for name in due {
            do throws(LibvirtError) {
                guard let allocation = try ours[name]?.info().allocation else { continue }
                known.withLockedValue { $0.volumes.keep(allocation, of: name, stamp: name) }
            } catch {
                guard !error.kind.isConnectionFault else { throw error }
                known.withLockedValue { $0.volumes.forget(name) }
            }
        }
        return known.withLockedValue { known in
            ours.keys.compactMap { name in known.volumes[name].map { VolumeSummary(name: name, allocation: $0) } }
        }
    }
}
