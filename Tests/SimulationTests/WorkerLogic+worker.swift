import Model
import Placement
import Store

@testable import Simulation
@testable import Worker

extension WorkerLogic {
    /// The worker's own decisions.
    static let worker = WorkerLogic(
        plan: { lines, fleet in
            let told = lines.map { Peek.Line(bytes: [], entry: $0.line.entry, placedOn: $0.placedOn) }
            let steps = IntakePlan.steps(for: told, on: fleet, by: .seed)
            return zip(lines, steps).map { PlannedStep(line: $0.line, action: PlannedAction($1.action)) }
        },
        retryCreate: { code, isClean, tries, fraction in
            Retry(.create(after: Failure(code, ""), isClean: isClean, tries: tries, fraction: fraction))
        },
        retryDestroy: { code, tries, fraction in
            Retry(.destroy(after: Failure(code, ""), tries: tries, fraction: fraction))
        },
        leavesJobAsItIs: \.leavesJobAsItIs,
        isMachineFault: \.isMachineFault
    )
}

extension PlannedAction {
    /// What the intake wants to do, without its reasons.
    init(_ action: ClaimAction) {
        switch action {
        case .place(let pm, _): self = .place(pm)
        case .run: self = .run
        case .refuse(let failure, _): self = .refuse(failure.code)
        case .bury: self = .bury
        }
    }
}

extension Retry {
    fileprivate init(_ decision: RetryDecision) {
        switch decision {
        case .fail: self = .fail
        case .moveOn: self = .moveOn
        case .postpone(let delay): self = .postpone(delay.milliseconds)
        case .failOwingRemoval(let delay): self = .failOwingRemoval(delay.milliseconds)
        }
    }
}

extension Duration {
    /// Whole milliseconds.
    fileprivate var milliseconds: Int {
        Int(components.seconds) * 1000 + Int(components.attoseconds / 1_000_000_000_000_000)
    }
}
