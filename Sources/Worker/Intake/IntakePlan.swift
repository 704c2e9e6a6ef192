import Model
import Placement
import Store

/// What to do with the oldest entries of the queue; pure.
enum IntakePlan {
    /// An entry with what is to be done with it.
    typealias Step = (line: Peek.Line, action: ClaimAction)

    /// Plans the oldest entries in order; ends before the first that cannot be decided yet.
    ///
    /// A create that came back to the queue with its room still held needs no place.
    static func steps(for lines: [Peek.Line], on fleet: FleetSnapshot, by policy: PlacementPolicy) -> [Step] {
        let creates = lines.filter { $0.placedOn == nil }.compactMap(\.entry).filter { $0.kind == .create }
        let requests = creates.map { PlacementRequest(vm: $0.vm, needs: $0.needs, tried: Set($0.tried ?? [])) }
        var decisions = plan(requests, on: fleet, by: policy)[...]
        var steps: [Step] = []
        for line in lines {
            guard let entry = line.entry else {
                steps.append(
                    (line, .bury(reason: "this is no entry of ours: put jobs on the queue through the gateway"))
                )
                continue
            }
            guard entry.kind == .create, line.placedOn == nil else {
                steps.append((line, .run))
                continue
            }
            guard let decision = decisions.popFirst(), let action = ClaimAction(decision) else { break }
            steps.append((line, action))
        }
        return steps
    }
}

extension ClaimAction {
    /// The action that a decision asks for; nil where it is put off.
    fileprivate init?(_ decision: PlacementDecision) {
        switch decision.outcome {
        case .place(let machine): self = .place(machine, decision.explanation)
        case .refuse(let failure): self = .refuse(failure, decision.explanation)
        case .undecided: return nil
        }
    }
}
