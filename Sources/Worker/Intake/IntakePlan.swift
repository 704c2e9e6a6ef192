import Model
import Placement
import Store

/// What to do with the oldest entries of the queue; pure.
enum IntakePlan {
    /// An entry with what is to be done with it.
    typealias Step = (line: QueueSnapshot.Line, action: ClaimAction)

    /// Plans the oldest entries in order; ends before the first that cannot be decided yet.
    ///
    /// One that may go on one PM alone, which was not probed yet, is deferred until it was and keeps no other waiting.
    /// A job that takes capacity needs a place, unless it came back to the queue with its claim.
    static func steps(
        for lines: [QueueSnapshot.Line],
        on fleet: FleetSnapshot,
        by policy: PlacementPolicy,
        operations: OperationRegistry = .shipped
    ) -> [Step] {
        func needsPlace(_ entry: QueueEntry) -> Bool { operations[entry.kind]?.claim.takesCapacity == true }
        let unplaced = lines.filter { $0.placedOn == nil }.compactMap(\.entry).filter(needsPlace)
        var decisions = plan(unplaced.map(PlacementRequest.init), on: fleet, by: policy)[...]
        var steps: [Step] = []
        for line in lines {
            guard let entry = line.entry else {
                steps.append(
                    (line, .deadLetter(reason: "this is no entry of ours: put jobs on the queue through the gateway"))
                )
                continue
            }
            guard operations[entry.kind] != nil else {
                let reason = "no operation is called \(entry.kind.rawValue): a newer version may have accepted the job"
                steps.append((line, .deadLetter(reason: reason)))
                continue
            }
            guard needsPlace(entry), line.placedOn == nil else {
                steps.append((line, .run))
                continue
            }
            guard let decision = decisions.popFirst(),
                let action = ClaimAction(decision, onlyOn: entry.constraints?.pm)
            else { break }
            steps.append((line, action))
        }
        return steps
    }
}

/// How many entries of each queue are taken at once; pure.
struct IntakeShare: Hashable {
    /// Of those that are to take capacity.
    let planned: Int
    /// Of those that take none.
    let direct: Int

    /// Shares free slots between the queues: each gets half of them at least, as far as it has entries, and what the other
    /// leaves.
    ///
    /// - Parameters:
    ///   - free: the slots.
    ///   - planned: how many entries of the one queue could be taken.
    ///   - direct: how many of the other.
    ///   - favorsDirect: which of them gets the odd slot.
    init(free: Int, planned: Int, direct: Int, favorsDirect: Bool) {
        let half = (free + (favorsDirect ? 1 : 0)) / 2
        self.direct = min(direct, max(half, free - planned))
        self.planned = min(planned, free - self.direct)
    }
}

extension PlacementRequest {
    /// What an entry of the queue wants.
    init(_ entry: QueueEntry) {
        self.init(
            vm: entry.vm,
            needs: entry.needs,
            image: entry.image,
            constraints: entry.constraints ?? .none,
            excludedPMs: Set(entry.excludedPMs ?? [])
        )
    }
}

extension ClaimAction {
    /// The action that a decision asks for; nil where it cannot be made yet.
    fileprivate init?(_ decision: PlacementDecision, onlyOn pm: PMID?) {
        switch decision.outcome {
        case .place(let machine): self = .place(machine, decision.explanation)
        case .refuse(let failure): self = .refuse(failure, decision.explanation)
        case .undecided:
            guard let pm else { return nil }
            self = .deferUntilProbed(
                pm,
                decision.explanation,
                reason: "PM \(pm), the only one that was asked for, was not probed yet"
            )
        }
    }
}
