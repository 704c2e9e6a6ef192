import NIOConcurrencyHelpers

/// Whether this worker lets others go first at the queue: they reach a PM that it does not, and its jobs are theirs to run.
final class QueueYield: Sendable {
    private let end = NIOLockedValueBox<ContinuousClock.Instant?>(nil)

    /// How long others go first after a job that this worker could not run and another one can.
    private static let duration = Duration.seconds(30)

    /// Lets others go first from now on, for a while.
    func begin() {
        end.withLockedValue { $0 = .now + Self.duration }
    }

    /// How much later than others this worker takes what is on the queue.
    var delay: Duration {
        end.withLockedValue { $0.map { ContinuousClock.now < $0 } ?? false } ? .milliseconds(500) : .zero
    }
}
