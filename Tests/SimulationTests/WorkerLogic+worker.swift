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
            let attempt = FailedAttempt(code: code, isClean: isClean, earlierFailures: tries)
            return Retry(Operation.create.retry.decide(after: attempt), fraction)
        },
        retryDestroy: { code, tries, fraction in
            let attempt = FailedAttempt(code: code, isClean: false, earlierFailures: tries)
            return Retry(Operation.destroy.retry.decide(after: attempt), fraction)
        },
        leavesJobAsItIs: \.leavesJobAsItIs,
        isMachineFault: \.isPMFault
    )
}

extension PlannedAction {
    /// What the intake wants to do, without its reasons.
    init(_ action: ClaimAction) {
        switch action {
        case .place(let pm, _): self = .place(pm)
        case .run: self = .run
        case .refuse(let failure, _): self = .refuse(failure.code)
        case .deadLetter: self = .bury
        }
    }
}

extension Retry {
    fileprivate init(_ decision: RetryDecision, _ fraction: Double) {
        switch decision {
        case .fail: self = .fail
        case .reschedule: self = .moveOn
        case .postpone(let wait): self = .postpone(wait.delay(fraction: fraction).milliseconds)
        case .failWithCleanup(let wait): self = .failOwingRemoval(wait.delay(fraction: fraction).milliseconds)
        }
    }
}

extension Duration {
    /// Whole milliseconds.
    fileprivate var milliseconds: Int {
        Int(components.seconds) * 1000 + Int(components.attoseconds / 1_000_000_000_000_000)
    }
}
