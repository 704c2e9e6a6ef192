import CoreMetrics
import Model
import Telemetry

/// Counts attempts at jobs, and measures their steps.
struct JobMetrics: Sendable {
    /// How an attempt ended.
    enum Outcome: String {
        case done, failed, rescheduled, deferred, requeued
        /// The job was another worker's by then.
        case lost
    }

    /// How long jobs took, from which gateways estimate when others will have ended.
    let durations = JobDurations()
    private let attempts: LabeledMetric<Counter>
    private let steps: LabeledMetric<Timer>

    init(in factory: any MetricsFactory = NOOPMetricsHandler.instance) {
        attempts = LabeledMetric(.attempts, in: factory)
        steps = LabeledMetric(.steps, in: factory)
    }

    func note(_ outcome: Outcome, of kind: Job.Kind) { attempts[kind.rawValue, outcome.rawValue].increment() }

    func note(step: String, of kind: Job.Kind, isDone: Bool, elapsed: Duration) {
        steps[kind.rawValue, step, isDone ? "done" : "failed"].record(elapsed)
    }
}
