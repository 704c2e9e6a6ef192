import Model
import Store

/// Who waits for which job, and the outcomes that were told last: a job may end before its caller begins to wait.
struct WaitingCallers {
    typealias Continuation = CheckedContinuation<JobStatus?, Never>

    private static let remembered = 8192
    private var callers: [JobID: [Int: Continuation]] = [:]
    private var recent: [JobID: JobStatus] = [:]
    private var order: [JobID] = []
    private var oldest = 0
    private var lastCaller = 0

    /// A number for a caller.
    mutating func nextCaller() -> Int {
        lastCaller += 1
        return lastCaller
    }

    /// Begins to wait, unless the outcome is known already, which is then returned.
    mutating func wait(for job: JobID, as caller: Int, _ continuation: Continuation) -> JobStatus? {
        if let status = recent[job] { return status }
        callers[job, default: [:]][caller] = continuation
        return nil
    }

    /// Ends a wait early.
    mutating func leave(_ job: JobID, _ caller: Int) -> Continuation? {
        let continuation = callers[job]?.removeValue(forKey: caller)
        if callers[job]?.isEmpty == true { callers[job] = nil }
        return continuation
    }

    /// Notes an outcome and returns those who waited for it.
    mutating func ended(_ job: JobID, _ status: JobStatus) -> [Continuation] {
        if recent.updateValue(status, forKey: job) == nil { remember(job) }
        return callers.removeValue(forKey: job).map { Array($0.values) } ?? []
    }

    /// A ring of the last jobs.
    private mutating func remember(_ job: JobID) {
        guard order.count == Self.remembered else {
            order.append(job)
            return
        }
        recent[order[oldest]] = nil
        order[oldest] = job
        oldest = (oldest + 1) % Self.remembered
    }
}
