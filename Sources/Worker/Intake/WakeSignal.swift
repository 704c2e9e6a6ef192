import NIOConcurrencyHelpers

/// Wakes one loop; a signal that comes while the loop is busy is kept, and many are as one.
final class WakeSignal: Sendable {
    private enum State {
        case quiet
        case fired
        case awaited(Int, CheckedContinuation<Void, Never>)
    }

    /// The waits are numbered, and one is on at a time.
    private struct Value {
        var state = State.quiet
        var waits = 0
        /// The last wait that is over: its end may come before it has begun.
        var ended = 0
    }

    private let state = NIOLockedValueBox(Value())

    /// Wakes the loop, now or at its next wait.
    func fire() {
        let waiting = state.withLockedValue { value -> CheckedContinuation<Void, Never>? in
            guard case .awaited(_, let continuation) = value.state else {
                value.state = .fired
                return nil
            }
            value.state = .quiet
            return continuation
        }
        waiting?.resume()
    }

    /// True where a signal is kept for the next wait.
    var hasFired: Bool {
        state.withLockedValue { if case .fired = $0.state { true } else { false } }
    }

    /// Waits for a signal, at most for a time; returns at once where one came since the last wait.
    func wait(atMost time: Duration, on clock: any WorkerClock = SystemClock()) async {
        let number = state.withLockedValue { value in
            value.waits += 1
            return value.waits
        }
        let timer = Task {
            try await clock.sleep(for: time)
            end(number)
        }
        defer { timer.cancel() }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLockedValue { value in
                    if case .fired = value.state {
                        value.state = .quiet
                        return true
                    }
                    if Task.isCancelled || value.ended == number { return true }
                    value.state = .awaited(number, continuation)
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            end(number)
        }
    }

    /// Ends that wait, where it is not over.
    private func end(_ number: Int) {
        let waiting = state.withLockedValue { value -> CheckedContinuation<Void, Never>? in
            value.ended = max(value.ended, number)
            guard case .awaited(number, let continuation) = value.state else { return nil }
            value.state = .quiet
            return continuation
        }
        waiting?.resume()
    }
}
