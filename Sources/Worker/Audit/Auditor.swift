import Foundation
import Logging
import Model
import Store

/// Finds differences between the records and what exists, and repairs what can be repaired without harm.
struct Auditor: Sendable {
    let store: Store
    let machines: PMConnectionPool
    let cell: String
    /// Disks that were written to later than this ago stay: somebody may be making them.
    let youngest: Duration
    /// The wait between two passes; only what both find counts.
    let pause: Duration
    let logger: Logger

    /// What an audit came to.
    struct Outcome: Sendable {
        /// What was found at first.
        let found: [AuditFinding]
        /// What remained at the end; the same where nothing was to be repaired.
        let remaining: [AuditFinding]
    }

    /// Runs an audit.
    ///
    /// - Parameter repairs: whether to repair what can be repaired.
    /// - Returns: what was found, and what remains.
    /// - Throws: `Failure` where Redis does not answer.
    func run(repairs: Bool) async throws(Failure) -> Outcome {
        let found = try await findings()
        guard repairs, found.contains(where: { $0.remedy != nil }) else {
            return Outcome(found: found, remaining: found)
        }
        for remedy in found.compactMap(\.remedy).reduce(into: [], Self.addOnce) {
            await repair(remedy)
        }
        await wait()
        return Outcome(found: found, remaining: try await findings())
    }

    /// What two passes find.
    private func findings() async throws(Failure) -> [AuditFinding] {
        let first = try await compare()
        guard !first.isEmpty else { return [] }
        await wait()
        let known = Set(first.map(\.identity))
        return try await compare().filter { known.contains($0.identity) }
    }

    private func compare() async throws(Failure) -> [AuditFinding] {
        // Before the PMs, so that what is made meanwhile is in the records of the next pass.
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
        do throws(Failure) {
            let hypervisor = try await machines.hypervisor(of: machine)
            var contents = try await hypervisor.contents()
            contents.reservations = try await hypervisor.networks()?.flatMap(\.owned)
            return .success(contents)
        } catch {
            return .failure(error)
        }
    }

    private func repair(_ remedy: AuditFinding.Remedy) async {
        do throws(Failure) {
            switch remedy {
            case .recount(let pm): _ = try await store.repairClaims(of: pm)
            case .list(let vm): try await store.repair(listing: vm)
            case .listJobs(let jobs): try await store.repair(listing: jobs)
            case .recountGroup(let correction): try await store.repair(correction)
            case .recountProject(let correction): try await store.repair(correction)
            case .retime(let vm): try await store.repair(hold: vm)
            case .requeue(let job): _ = try await store.repair(job: job)
            case .free(let vm): _ = try await store.repair(vm: vm)
            case .probe(let pm):
                _ = try await store.noteDomainEvent(DomainChange.What.lost.rawValue, of: "", uuid: "", on: pm)
            case .deleteDisk(let name, let pm):
                guard let machine = try await store.machine(pm) else { return }
                let isGone = try await machines.hypervisor(of: machine).removeDisk(named: name, olderThan: youngest)
                if !isGone {
                    logger.notice("a disk stays: it is in use, or young", metadata: ["pm": "\(pm)", "disk": "\(name)"])
                }
            }
        } catch {
            logger.error("this could not be repaired", metadata: ["remedy": "\(remedy)", "error": "\(error)"])
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
