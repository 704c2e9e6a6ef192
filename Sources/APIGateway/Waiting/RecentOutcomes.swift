import Model
import Store

/// The latest outcomes: a job may end before its caller begins to wait.
struct RecentOutcomes {
    private static let remembered = 8192
    private var outcomes: [JobKey: JobOutcomes.Outcome] = [:]
    private var order: [JobKey] = []
    private var oldest = 0

    /// How a job ended; nil if that is not known or was forgotten.
    subscript(job: JobKey) -> JobOutcomes.Outcome? { outcomes[job] }

    /// Remembers an outcome and forgets the oldest.
    mutating func note(_ job: JobKey, _ outcome: JobOutcomes.Outcome) {
        guard outcomes.updateValue(outcome, forKey: job) == nil else { return }
        guard order.count == Self.remembered else {
            order.append(job)
            return
        }
        outcomes[order[oldest]] = nil
        order[oldest] = job
        oldest = (oldest + 1) % Self.remembered
    }

    /// Forgets all jobs that are known by their numbers, which another history of Redis may use again.
    mutating func forgetNumbers() {
        // Their places in the order stay: what is forgotten twice does no harm.
        for case .number(let job) in outcomes.keys { outcomes[.number(job)] = nil }
    }
}
