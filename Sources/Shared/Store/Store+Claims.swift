package import Model
import RedisClient

extension Store {
    /// The VMs that have a claim on a PM, by number.
    ///
    /// - Parameter id: the PM.
    /// - Returns: nil where the PM is unknown.
    /// - Throws: `Failure`.
    package func vms(on id: PMID) async throws(Failure) -> [VMID]? {
        let replies = try await pipeline([["EXISTS", keys.pm(id)], ["HKEYS", keys.claims(on: id)]])
        guard replies[0].int == 1 else { return nil }
        return replies[1].claimants.sorted()
    }

    /// The UUIDs of the VMs that have a claim on a PM, lower-case.
    ///
    /// - Parameter id: the PM.
    /// - Returns: the UUIDs.
    /// - Throws: `Failure`.
    package func claimants(on id: PMID) async throws(Failure) -> Set<String> {
        let consumers = try await send(["HKEYS", keys.claims(on: id)]).consumers
        var vms = consumers.compactMap(\.vm)
        let jobs = consumers.compactMap(\.job)
        // A VM that gets a second PM may be there already.
        if !jobs.isEmpty {
            vms += try await pipeline(jobs.map { ["HGET", keys.job($0), "vm"] }).compactMap {
                $0.int.flatMap(VMID.init)
            }
        }
        return Set(try await pipeline(vms.map { ["HGET", keys.vm($0), "uuid"] }).compactMap(\.string))
    }
}

extension RESPValue {
    /// The consumers of a PM's claims.
    fileprivate var consumers: [Claim.Consumer] { strings?.compactMap { Claim.Consumer($0) } ?? [] }

    /// The VMs among the consumers of a PM's claims.
    var claimants: [VMID] { consumers.compactMap(\.vm) }
}
