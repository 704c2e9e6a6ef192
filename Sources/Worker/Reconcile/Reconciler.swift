import Logging
import Model
import Store

/// Writes into the records what a look at a PM tells of VMs.
struct Reconciler: Sendable {
    let store: Store
    /// The installation's name in the metadata of its domains.
    let cell: String
    /// Whether a VM that is found switched off or crashed is started again.
    let startsAgain: Bool
    let logger: Logger

    /// Compares a complete inventory with the records, and mends these.
    ///
    /// - Parameters:
    ///   - inventory: what the PM has.
    ///   - pm: the PM.
    ///   - isAlias: whether another PM stands for the machine, and tells of the VMs on it.
    ///   - lookedAt: a time before the inventory was read, in ms since 1970 by the clock of Redis.
    /// - Throws: `Failure`: what could not be written is found again by the next look.
    func reconcile(
        _ inventory: HypervisorInventory,
        of pm: PMID,
        isAlias: Bool = false,
        lookedAt: Int
    ) async throws(Failure) {
        let records = try await store.standings(on: pm, and: Reconciliation.numbers(in: inventory.domains))
        let reconciliation = Reconciliation(
            pm: pm,
            lookedAt: lookedAt,
            domains: inventory.domains,
            records: records,
            cell: cell,
            startsAgain: startsAgain,
            isAlias: isAlias
        )
        for finding in reconciliation.findings {
            let news = try await write(finding, pm: pm, lookedAt: lookedAt, host: inventory.hostUUID)
            guard let news else { continue }
            logger.log(level: news.level, "\(news.text)", metadata: ["pm": "\(pm)", "vm": "\(finding.vm.id)"])
        }
    }

    private typealias News = (level: Logger.Level, text: String)

    /// Writes a finding.
    ///
    /// - Returns: what is new for people; nil where nothing is.
    private func write(
        _ finding: Reconciliation.Finding,
        pm: PMID,
        lookedAt: Int,
        host: String
    ) async throws(Failure) -> News? {
        let sighting = Sighting(pm: pm, lookedAt: lookedAt, vm: finding.vm)
        switch finding {
        case .observed(let known, let state, let reason, let pause):
            let isNew = try await store.observe(
                state,
                at: sighting,
                insteadOf: known.state,
                because: reason,
                startingAgainIn: pause
            )
            let why = reason.map { " (\($0))" } ?? ""
            return isNew ? (.notice, "a VM that was \(known.state.rawValue) is \(state.rawValue)\(why)") : nil
        case .drifted(let known, let drift):
            let isNew = try await store.note(drift: drift, at: sighting, in: known.state)
            return isNew ? (.notice, "a VM's domain was changed: \(drift ?? "it is as it was made again")") : nil
        case .besides:
            let isNew = try await store.compare(sighting) == .duplicate
            return isNew ? (.error, "a VM has domains on two PMs: see also_on in its record") : nil
        case .moved(let known, let state):
            let isNew = try await store.move(to: sighting, from: known.pm, state: state)
            return isNew ? (.notice, "a VM was moved here") : nil
        case .sighted(let known, let state):
            guard let other = known.pm else { return nil }
            switch try await store.note(sighting, besides: other, state: state, host: host) {
            case .moved: return (.notice, "a VM was moved here")
            case .noted: return (.warning, "a VM of PM \(other) has a domain here")
            default: return nil
            }
        case .lost(_, let state):
            switch try await store.adopt(sighting, state: state) {
            case .adopted: return (.notice, "a domain of ours without a record was adopted")
            case .taken: return (.error, Self.contested)
            case .outOfRange: return (.error, Self.outOfRange)
            case .gone, .nothing: return nil
            }
        case .contested: return (.error, Self.contested)
        }
    }

    private static let outOfRange =
        "a domain of ours tells of a number larger than any that is given and is left alone: see who wrote its metadata, and "
        + "undefine it there if nobody needs it"
    private static let contested =
        "a domain of ours has the number of another VM and is left alone: see what it is, and undefine it there if nobody "
        + "needs it"
}

extension Reconciliation.Finding {
    /// The VM that it is about.
    var vm: VirtualMachine {
        switch self {
        case .observed(let known, _, _, _), .drifted(let known, _), .besides(let known), .moved(let known, _),
            .sighted(let known, _):
            known.vm
        case .lost(let vm, _), .contested(let vm): vm
        }
    }
}
