import NIOConcurrencyHelpers

/// Whether this worker lets others go first at the queue: they reach a PM that it does not, and its jobs are theirs to run.
final class YieldDelay: Sendable {
    private let end = NIOLockedValueBox<ContinuousClock.Instant?>(nil)

    /// How long others go first after a job that this worker could not run and another one can.
    private static let duration = Duration.seconds(30)

    /// Lets others go first from now on, for a while.
    ///
    /// - Parameter now: the present.
    func begin(at now: ContinuousClock.Instant = .now) {
        end.withLockedValue { $0 = now + Self.duration }
    }

    /// How much later than others this worker takes what is on the queue.
    ///
    /// - Parameter now: the present.
    /// - Returns: the delay; zero where it does not yield.
    func delay(at now: ContinuousClock.Instant = .now) -> Duration {
        end.withLockedValue { $0.map { now < $0 } ?? false } ? .milliseconds(500) : .zero
    }
}
