import Model
import Placement

/// What becomes of a job whose try on a PM failed; delays in ms.
enum Retry: Hashable, Sendable {
    case fail
    case moveOn
    case postpone(Int)
    case failOwingRemoval(Int)
}

/// The decisions of a worker that are plain functions there.
///
/// Tests hand in the worker's own, so the simulator runs what the program runs.
struct WorkerLogic: Sendable {
    /// What to do with the oldest entries of the queue.
    let plan: @Sendable (_ lines: [PeekAnswer.Line], _ fleet: FleetSnapshot) -> [PlannedStep]
    /// What becomes of a create that failed; the fraction says where in the range of the backoff to wait.
    let retryCreate: @Sendable (_ code: FailureCode, _ isClean: Bool, _ tries: Int, _ fraction: Double) -> Retry
    /// What becomes of a destroy that failed.
    let retryDestroy: @Sendable (_ code: FailureCode, _ tries: Int, _ fraction: Double) -> Retry
    /// True for failures after which a job goes back to the queue as it is.
    let leavesJobAsItIs: @Sendable (FailureCode) -> Bool
    /// True for failures that count against the PM.
    let isMachineFault: @Sendable (FailureCode) -> Bool
}
