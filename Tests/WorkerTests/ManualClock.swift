import NIOConcurrencyHelpers

@testable import Worker

/// A clock that goes on by hand alone.
final class ManualClock: WorkerClock {
    private struct Sleeper {
        let end: ContinuousClock.Instant
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now = ContinuousClock.now
        var sleepers: [Int: Sleeper] = [:]
        /// Those that were cancelled before they slept.
        var cancelled: Set<Int> = []
        var count = 0
    }

    private let state = NIOLockedValueBox(State())

    var now: ContinuousClock.Instant { state.withLockedValue(\.now) }

    /// How long it is until each of the sleeps ends that are under way.
    var sleeps: [Duration] { state.withLockedValue { state in state.sleepers.values.map { $0.end - state.now } } }

    func advance(by duration: Duration) {
        let over = state.withLockedValue { state in
            state.now += duration
            let over = state.sleepers.filter { $0.value.end <= state.now }
            for number in over.keys { state.sleepers[number] = nil }
            return over.values.sorted { $0.end < $1.end }
        }
        for sleeper in over { sleeper.continuation.resume() }
    }

    func sleep(for duration: Duration) async throws {
        let number = state.withLockedValue { state in
            state.count += 1
            return state.count
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isCancelled = state.withLockedValue { state in
                    guard state.cancelled.remove(number) == nil else { return true }
                    state.sleepers[number] = Sleeper(end: state.now + duration, continuation: continuation)
                    return false
                }
                if isCancelled { continuation.resume(throwing: CancellationError()) }
            }
        } onCancel: {
            let sleeper = state.withLockedValue { state in
                let sleeper = state.sleepers.removeValue(forKey: number)
                if sleeper == nil { state.cancelled.insert(number) }
                return sleeper
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }
}
