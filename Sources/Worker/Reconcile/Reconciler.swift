import Foundation
import Logging
import Model
import Store

/// Writes into the records what a probe of a PM finds of VMs.
struct Reconciler: Sendable {
    let store: Store
    /// The installation's name in the metadata of its domains.
    let cell: String
    /// Whether a VM that is found switched off or crashed is started again.
    let startsAgain: Bool
    let logger: Logger

    /// What came of a comparison.
    struct Outcome: Sendable {
        /// The UUIDs of the VMs that have a claim on the PM, lower-case.
        let claimants: Set<String>
        /// Whether the records of the PM's own VMs say what its domains are, and no domain is another PM's VM's: as long as
        /// neither changes, there is nothing to compare.
        let agrees: Bool
    }

    /// Compares a complete inventory with the records, and corrects these.
    ///
    /// - Parameters:
    ///   - inventory: what the PM has.
    ///   - pm: the PM.
    ///   - isAlias: whether another PM stands for the machine, and reports the VMs on it.
    ///   - probedAt: a time before the inventory was read, in ms since 1970 by the clock of Redis.
    /// - Returns: what came of it.
    /// - Throws: `Failure`: what could not be written is found again by the next probe.
    @discardableResult
    func reconcile(
        _ inventory: HypervisorInventory,
        of pm: PMID,
        isAlias: Bool = false,
        probedAt: Int
    ) async throws(Failure) -> Outcome {
        let others = isAlias ? [] : Reconciliation.numbers(in: inventory.domains)
        let records = try await store.statuses(on: pm, and: others)
        let reconciliation = Reconciliation(
            pm: pm,
            probedAt: probedAt,
            domains: inventory.domains,
            records: records,
            cell: cell,
            startsAgain: startsAgain,
            isAlias: isAlias
        )
        let findings = reconciliation.findings
        for finding in findings {
            let news = try await write(finding, pm: pm, probedAt: probedAt, host: inventory.hostUUID)
            guard let news else { continue }
            logger.log(level: news.level, "\(news.text)", metadata: ["pm": "\(pm)", "vm": "\(finding.vm.id)"])
        }
        let here = Set(records.filter { $0.pm == pm }.map(\.vm.id))
        return Outcome(
            claimants: Set(records.filter { $0.pm == pm }.map { $0.vm.uuid.uuidString.lowercased() }),
            agrees: findings.isEmpty && others.isSubset(of: here)
        )
    }

    private typealias News = (level: Logger.Level, text: String)

    /// Writes a finding.
    ///
    /// - Returns: what is new for people; nil where nothing is.
    private func write(
        _ finding: Reconciliation.Finding,
        pm: PMID,
        probedAt: Int,
        host: String
    ) async throws(Failure) -> News? {
        let observation = Observation(pm: pm, probedAt: probedAt, vm: finding.vm)
        switch finding {
        case .observed(let known, let state, let reason, let pause):
            let isNew = try await store.recordState(
                state,
                at: observation,
                insteadOf: known.state,
                because: reason,
                startingAgainIn: pause
            )
            let why = reason.map { " (\($0))" } ?? ""
            return isNew ? (.notice, "a VM that was \(known.state.rawValue) is \(state.rawValue)\(why)") : nil
        case .drifted(let known, let drift):
            let isNew = try await store.note(drift: drift, at: observation, in: known.state)
            return isNew ? (.notice, "a VM's domain was changed: \(drift ?? "it is as it was made again")") : nil
        case .duplicate:
            let isNew = try await store.settleDuplicate(observation) == .duplicate
            return isNew ? (.error, "a VM has domains on two PMs: see also_on in its record") : nil
        case .moved(let known, let state):
            let isNew = try await store.move(to: observation, from: known.pm, state: state)
            return isNew ? (.notice, "a VM was moved here") : nil
        case .elsewhere(let known, let state):
            guard let other = known.pm else { return nil }
            switch try await store.noteElsewhere(observation, recordedOn: other, state: state, host: host) {
            case .moved: return (.notice, "a VM was moved here")
            case .noted: return (.warning, "a VM of PM \(other) has a domain here")
            default: return nil
            }
        case .lost(_, let state):
            switch try await store.adopt(observation, state: state) {
            case .adopted: return (.notice, "a domain of ours without a record was adopted")
            case .taken: return (.error, Self.contested)
            case .outOfRange: return (.error, Self.outOfRange)
            case .gone, .nothing: return nil
            }
        case .contested: return (.error, Self.contested)
        }
    }

    private static let outOfRange =
        "a domain of ours has a number larger than any that is given and is left alone: see who wrote its metadata, and "
        + "undefine it there if nobody needs it"
    private static let contested =
        "a domain of ours has the number of another VM and is left alone: see what it is, and undefine it there if nobody "
        + "needs it"
}

extension Reconciliation.Finding {
    /// The VM that it is about.
    var vm: VirtualMachine {
        switch self {
        case .observed(let known, _, _, _), .drifted(let known, _), .duplicate(let known), .moved(let known, _),
            .elsewhere(let known, _):
            known.vm
        case .lost(let vm, _), .contested(let vm): vm
        }
    }
}
