import Dispatch
import NIOConcurrencyHelpers

/// Callers that wait for something that is handed to them one by one, each until its deadline or its cancellation.
///
/// Whose turn it is its owner decides, by the ticket that each waiter has.
final class Waiters<Value: Sendable>: Sendable {
    typealias Ticket = Int

    private typealias Continuation = CheckedContinuation<Value?, Never>

    private struct State {
        var waiting: [Ticket: Continuation] = [:]
        var last = 0
    }

    private let state = NIOLockedValueBox(State())

    /// Waits to be served.
    ///
    /// - Parameters:
    ///   - limit: how long.
    ///   - arrive: called with the caller's ticket once it can be served, which may be within this call.
    ///   - leave: called with its ticket where it went without being served.
    /// - Returns: what it was served with; nil where its time was over or its task was cancelled.
    func wait(
        atMost limit: Duration,
        arrive: (Ticket) -> Void,
        leave: @escaping @Sendable (Ticket) -> Void
    ) async -> Value? {
        let ticket = state.withLockedValue { state in
            state.last += 1
            return state.last
        }
        let timer = DispatchWorkItem { [self] in giveUp(ticket, leave) }
        defer { timer.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                state.withLockedValue { $0.waiting[ticket] = continuation }
                arrive(ticket)
                DispatchQueue.global().asyncAfter(deadline: .now() + limit.seconds, execute: timer)
                // The handler may have run before there was anybody to wake.
                if Task.isCancelled { giveUp(ticket, leave) }
            }
        } onCancel: {
            giveUp(ticket, leave)
        }
    }

    /// Serves a waiter.
    ///
    /// - Parameters:
    ///   - ticket: the waiter's ticket.
    ///   - make: makes what it is served with, where it still waits.
    /// - Returns: false where it has left.
    func serve(_ ticket: Ticket, _ make: () -> Value) -> Bool {
        let continuation = state.withLockedValue { $0.waiting.removeValue(forKey: ticket) }
        guard let continuation else { return false }
        continuation.resume(returning: make())
        return true
    }

    private func giveUp(_ ticket: Ticket, _ leave: (Ticket) -> Void) {
        guard let continuation = state.withLockedValue({ $0.waiting.removeValue(forKey: ticket) }) else { return }
        leave(ticket)
        continuation.resume(returning: nil)
    }
}

extension Duration {
    /// For Dispatch's timers.
    fileprivate var seconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}
