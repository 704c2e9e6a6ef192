import Foundation
import Logging
import Model
import Store
import Telemetry

/// Publishes through Redis what this worker counts and measures, so that it needs no port: a gateway answers it with its own.
struct MetricsPublisher: Sendable {
    let store: Store
    let worker: String
    let registry: MetricsRegistry
    let durations: JobDurations
    let logger: Logger
    private let faults = RetryLog("metrics cannot be published; trying again")

    private static let period = Duration.seconds(5)
    /// A worker that is away for a moment keeps its series.
    private static let lifetime = Duration.seconds(30)

    init(store: Store, worker: String, registry: MetricsRegistry, durations: JobDurations, logger: Logger) {
        (self.store, self.worker, self.registry, self.logger) = (store, worker, registry, logger)
        self.durations = durations
    }

    /// Publishes until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            await publish()
            // A cancelled sleep ends the loop.
            try? await Task.sleep(for: Self.period)
        }
    }

    private func publish() async {
        do {
            let text = String(decoding: try JSONEncoder().encode(registry.snapshot()), as: UTF8.self)
            try await store.publish(metrics: text, of: worker, for: Self.lifetime)
            // What cannot be written is lost: others follow.
            let durations = durations.take()
            if !durations.isEmpty { try await store.note(durations) }
        } catch let failure as Failure {
            faults.note(failure, in: logger)
        } catch {
            faults.note(Failure(.internalFault, "metrics cannot be encoded", cause: "\(error)"), in: logger)
        }
    }
}
