import Model
import Store

/// The latest outcomes: a job may end before its caller begins to wait.
///
/// They are kept by nonce, since a Redis that lost its data or was restored may use a number again.
struct RecentOutcomes {
    private static let remembered = 8192
    private var outcomes: [JobNonce: JobOutcomes.Outcome] = [:]
    private var order: [JobNonce] = []
    private var oldest = 0

    /// How a job ended; nil if that is not known or was forgotten.
    subscript(job: JobNonce) -> JobOutcomes.Outcome? { outcomes[job] }

    /// Remembers an outcome and forgets the oldest.
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
