import CoreMetrics
import Model
import Store
import Telemetry

/// Counts attempts at messages to webhooks.
struct WebhookMetrics: Sendable {
    private let attempts: LabeledMetric<Counter>

    init(in factory: any MetricsFactory = NOOPMetricsHandler.instance) {
        attempts = LabeledMetric(.webhookAttempts, in: factory)
    }

    /// Counts by what became of the message: one that is pending is tried again.
    func note(_ attempt: AttemptRecord) { attempts[attempt.state.rawValue].increment() }
}
