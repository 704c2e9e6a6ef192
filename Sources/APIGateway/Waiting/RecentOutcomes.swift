import Model
import Store

/// The latest outcomes: a job may end before its caller begins to wait.
///
/// Jobs go by their nonces: a Redis that lost its data or went back may give their numbers again.
struct RecentOutcomes {
    private static let remembered = 8192
    private var outcomes: [JobNonce: JobOutcomes.Outcome] = [:]
    private var order: [JobNonce] = []
    private var oldest = 0

    /// How a job ended; nil where that is not known, or no more.
    subscript(job: JobNonce) -> JobOutcomes.Outcome? { outcomes[job] }

    /// Notes an outcome, in place of the oldest.
    mutating func note(_ job: JobNonce, _ outcome: JobOutcomes.Outcome) {
        guard outcomes.updateValue(outcome, forKey: job) == nil else { return }
        guard order.count == Self.remembered else {
            order.append(job)
            return
        }
        outcomes[order[oldest]] = nil
        order[oldest] = job
        oldest = (oldest + 1) % Self.remembered
    }
}
