import Model
import Store

/// Who waits for which job, and the outcomes that were told last: a job may end before its caller begins to wait.
///
/// Jobs go by their nonces: a Redis that lost its data or went back may give their numbers again.
struct WaitingCallers {
    /// How a job ended, or why nobody will hear of it.
    typealias Outcome = Result<JobStatus, Failure>
    typealias Continuation = CheckedContinuation<Outcome?, Never>

    private struct Wait {
        let job: Acceptance
        var callers: [Int: Continuation] = [:]
    }

    private static let remembered = 8192
    private var waits: [JobNonce: Wait] = [:]
    private var recent: [JobNonce: Outcome] = [:]
    private var order: [JobNonce] = []
    private var oldest = 0
    private var lastCaller = 0

    /// The jobs that somebody waits for.
    var jobs: [Acceptance] { waits.values.map(\.job) }

    /// A number for a caller.
    mutating func nextCaller() -> Int {
        lastCaller += 1
        return lastCaller
    }

    /// Begins to wait, unless the outcome is known already, which is then returned.
    mutating func wait(for job: Acceptance, as caller: Int, _ continuation: Continuation) -> Outcome? {
        if let outcome = recent[job.nonce] { return outcome }
        waits[job.nonce, default: Wait(job: job)].callers[caller] = continuation
        return nil
    }

    /// Ends a wait early.
    mutating func leave(_ job: JobNonce, _ caller: Int) -> Continuation? {
        let continuation = waits[job]?.callers.removeValue(forKey: caller)
        if waits[job]?.callers.isEmpty == true { waits[job] = nil }
        return continuation
    }

    /// Notes an outcome and returns those who waited for it.
    mutating func ended(_ job: JobNonce, _ outcome: Outcome) -> [Continuation] {
        if recent.updateValue(outcome, forKey: job) == nil { remember(job) }
        return waits.removeValue(forKey: job).map { Array($0.callers.values) } ?? []
    }

    /// A ring of the last jobs.
    private mutating func remember(_ job: JobNonce) {
        guard order.count == Self.remembered else {
            order.append(job)
            return
        }
        recent[order[oldest]] = nil
        order[oldest] = job
        oldest = (oldest + 1) % Self.remembered
    }
}
