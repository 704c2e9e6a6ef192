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
        let requests = lines.map { line in
            line.entry.flatMap { PlacementRequest($0, of: line, claiming: operations[$0.kind]?.claim ?? .none) }
        }
        var decisions = plan(requests.compactMap(\.self), on: fleet, by: policy)[...]
        var steps: [Step] = []
        for (line, request) in zip(lines, requests) {
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
            guard let request else {
                steps.append((line, .run))
                continue
            }
            guard let decision = decisions.popFirst(),
                let action = ClaimAction(decision, onlyOn: request.constraints.pm)
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
    /// What an entry of the queue asks for.
    init(_ entry: QueueEntry) {
        self.init(entry, needs: entry.needs, constraints: entry.constraints ?? .none)
    }

    /// What an entry has to be placed; nil where it has its place already, or needs none.
    fileprivate init?(_ entry: QueueEntry, of line: QueueSnapshot.Line, claiming effect: ClaimEffect) {
        guard effect.takesCapacity, line.placedOn == nil else { return nil }
        switch effect {
        case .secondPM:
            guard let present = line.present else { return nil }
            var constraints = entry.constraints ?? .none
            constraints.notPMs.append(present.pm)
            self.init(entry, needs: present.needs, constraints: constraints, movesFrom: present.pm)
        case .resize:
            // It is where it is, whatever else it asked for; one that only shrinks claims nothing.
            guard let present = line.present, entry.needs != .zero else { return nil }
            self.init(entry, needs: entry.needs, constraints: PlacementConstraints(pm: present.pm))
        case .place, .none, .release: self.init(entry)
        }
    }

    private init(
        _ entry: QueueEntry,
        needs: Resources,
        constraints: PlacementConstraints,
        movesFrom pm: PMID? = nil
    ) {
        self.init(
            vm: entry.vm,
            needs: needs,
            image: entry.image,
            constraints: constraints,
            excludedPMs: Set(entry.excludedPMs ?? []),
            movesFrom: pm
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
