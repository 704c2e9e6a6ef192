/// Time as the worker's loops see it; tests have another one.
protocol WorkerClock: Sendable {
    /// The present, on a clock that nobody sets.
    var now: ContinuousClock.Instant { get }

    /// Waits; throws where the task is cancelled.
    func sleep(for duration: Duration) async throws
}

/// The system's time.
struct SystemClock: WorkerClock {
    var now: ContinuousClock.Instant { .now }

    func sleep(for duration: Duration) async throws { try await Task.sleep(for: duration) }
}
