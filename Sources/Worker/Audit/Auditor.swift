import Foundation
import Logging
import Model
import Store

/// Looks for differences between the records and what there is, and mends what can be mended without harm.
struct Auditor: Sendable {
    let store: Store
    let machines: PMConnectionPool
    let cell: String
    /// Disks that were written to later than this ago stay: somebody may be making them.
    let youngest: Duration
    /// The wait between two looks, of which only what both find counts.
    let pause: Duration
    let logger: Logger

    /// What an audit came to.
    struct Outcome: Sendable {
        /// What was found at first.
        let found: [AuditFinding]
        /// What remained at the end; the same where nothing was to be mended.
        let remaining: [AuditFinding]
    }

    /// Runs an audit.
    ///
    /// - Parameter mends: whether to mend what can be mended.
    /// - Returns: what was found, and what remains.
    /// - Throws: `Failure` where Redis does not answer.
    func run(mends: Bool) async throws(Failure) -> Outcome {
        let found = try await findings()
        guard mends, found.contains(where: { $0.remedy != nil }) else { return Outcome(found: found, remaining: found) }
        for remedy in found.compactMap(\.remedy).reduce(into: [], Self.addOnce) {
            await mend(remedy)
        }
        await wait()
        return Outcome(found: found, remaining: try await findings())
    }

    /// What two looks find.
    private func findings() async throws(Failure) -> [AuditFinding] {
        let first = try await look()
        guard !first.isEmpty else { return [] }
        await wait()
        let known = Set(first.map(\.identity))
        return try await look().filter { known.contains($0.identity) }
    }

    private func look() async throws(Failure) -> [AuditFinding] {
        // Before the PMs, so that what is made meanwhile is in the next look's records.
        let snapshot = try await store.auditSnapshot()
        let contents = await withTaskGroup(of: (PMID, Result<PMContents, Failure>).self) { group in
            for row in snapshot.machinesToRead {
                group.addTask { (row.machine.id, await self.contents(of: row.machine)) }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        return Audit(snapshot: snapshot, contents: contents, cell: cell, keys: store.keys).findings
    }

    private func contents(of machine: PhysicalMachine) async -> Result<PMContents, Failure> {
        do throws(Failure) { return .success(try await machines.hypervisor(of: machine).contents()) } catch {
            return .failure(error)
        }
    }

    private func mend(_ remedy: AuditFinding.Remedy) async {
        do throws(Failure) {
            switch remedy {
            case .recount(let pm): _ = try await store.repairClaims(of: pm)
            case .list(let vm): try await store.mend(listing: vm)
            case .recountGroup(let correction): try await store.repair(correction)
            case .retime(let vm): try await store.mend(hold: vm)
            case .requeue(let job): _ = try await store.mend(job: job)
            case .free(let vm): _ = try await store.mend(vm: vm)
            case .look(let pm):
                _ = try await store.noteDomainEvent(DomainChange.What.lost.rawValue, of: "", uuid: "", on: pm)
            case .deleteDisk(let name, let pm):
                guard let machine = try await store.machine(pm) else { return }
                let isGone = try await machines.hypervisor(of: machine).removeDisk(named: name, olderThan: youngest)
                if !isGone {
                    logger.notice("a disk stays: it is in use, or young", metadata: ["pm": "\(pm)", "disk": "\(name)"])
                }
            }
        } catch {
            logger.error("this could not be mended", metadata: ["remedy": "\(remedy)", "error": "\(error)"])
        }
    }

    private func wait() async { try? await Task.sleep(for: pause) }

    private static func addOnce(_ list: inout [AuditFinding.Remedy], _ remedy: AuditFinding.Remedy) {
        if !list.contains(remedy) { list.append(remedy) }
    }
}

extension AuditSnapshot {
    /// The PMs that are listed, and those that have VMs and are not; but no machine twice, under an earlier address or as an
    /// alias.
    var machinesToRead: [MachineRow] {
        let hosts = Set(machines.filter(\.machine.isListed).compactMap(\.hostUUID))
        return machines.filter { row in
            guard row.machine.aliasOf == nil || !row.claims.isEmpty else { return false }
            return row.machine.isListed || !row.claims.isEmpty && !(row.hostUUID.map(hosts.contains) ?? false)
        }
    }
}
