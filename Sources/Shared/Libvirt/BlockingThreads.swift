import Dispatch
import Foundation
import NIOConcurrencyHelpers

/// A bounded set of threads for calls that block, apart from Swift's cooperative pool.
///
/// Threads are made on demand up to `limit` and end when they were idle for a while. A caller waits at most for its
/// deadline: then it fails at once, while the thread stays with the call until the call returns, and counts as
/// stuck until then. A call that finds every thread taken waits its turn, and fails with `busy` when its deadline comes first.
package final class BlockingThreads: Sendable {
    /// How the threads are taken at one moment.
    package struct Load: Hashable, Sendable {
        /// Threads that exist.
        package var threads = 0
        /// Calls under way, stuck ones with them.
        package var running = 0
        /// Calls under way whose callers have given up.
        package var stuck = 0
        /// Calls that wait for a thread.
        package var waiting = 0
    }

    private struct State {
        var load = Load()
        var queue: [any BlockingCall] = []
        /// One for each thread that has nothing to do; taken off by who wakes it, so no wake-up is lost.
        var idle: [DispatchSemaphore] = []
    }

    /// The most calls under way at once.
    package let limit: Int
    private let name: String
    private let idleTime: Duration
    private let state = NIOLockedValueBox(State())

    /// Makes an empty set; no thread is made before the first call.
    ///
    /// - Parameters:
    ///   - name: what the threads are called in a debugger.
    ///   - limit: the most calls under way at once, 1 or more.
    ///   - idleTime: how long a thread waits for work before it ends.
    package init(name: String, limit: Int, idleTime: Duration = .seconds(10)) {
        self.name = name
        self.limit = max(1, limit)
        self.idleTime = idleTime
    }

    /// How the threads are taken now.
    package var load: Load { state.withLockedValue { $0.load } }

    /// Runs `body` on one of the threads and waits for it without blocking.
    ///
    /// - Parameters:
    ///   - deadline: how long the caller waits at most.
    ///   - grace: how long the caller still waits after the deadline or its own cancellation for `body` to notice and
    ///     clean up behind itself.
    ///   - body: what to run; it may check the `CancellationFlag` between blocking steps.
    /// - Returns: what `body` returned.
    /// - Throws: what `body` throws; `LibvirtError` of kind `deadline`, `busy` or `cancelled`.
    package func run<Value: Sendable>(
        deadline: Duration,
        grace: Duration = .zero,
        _ body: @escaping @Sendable (CancellationFlag) throws -> Value
    ) async throws -> Value {
        let call = Call(body: body)
        let timer = DispatchWorkItem { [self] in giveUp(call, as: .deadline(deadline), grace: grace) }
        defer { timer.cancel() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                call.wait(with: continuation)
                submit(call)
                DispatchQueue.global().asyncAfter(deadline: .now() + deadline.dispatchInterval, execute: timer)
            }
        } onCancel: {
            giveUp(call, as: .cancelled, grace: grace)
        }
    }

    /// Runs `body` on one of the threads some time, and nobody waits for it.
    func start(_ body: @escaping @Sendable () -> Void) {
        submit(UnawaitedCall(body: body))
    }

    private func submit(_ call: any BlockingCall) {
        enum Action {
            case none
            case wake(DispatchSemaphore)
            case start
        }
        let action: Action = state.withLockedValue { state in
            state.queue.append(call)
            state.load.waiting += 1
            if let sleeper = state.idle.popLast() { return .wake(sleeper) }
            guard state.load.threads < limit else { return .none }
            state.load.threads += 1
            return .start
        }
        switch action {
        case .none: break
        case .wake(let sleeper): sleeper.signal()
        case .start:
            let thread = Thread { [self] in work() }
            thread.name = name
            thread.start()
        }
    }

    /// What each thread does: calls in their order, until there was nothing to do for the idle time.
    private func work() {
        let wakeUp = DispatchSemaphore(value: 0)
        while true {
            let next: (any BlockingCall)? = state.withLockedValue { state in
                guard !state.queue.isEmpty else {
                    state.idle.append(wakeUp)
                    return nil
                }
                state.load.waiting -= 1
                state.load.running += 1
                return state.queue.removeFirst()
            }
            guard let next else {
                guard sleep(on: wakeUp) else { return }
                continue
            }
            next.execute { wasGivenUp in
                // Counted before the caller is answered, so that an answered caller finds the thread free.
                state.withLockedValue { state in
                    state.load.running -= 1
                    if wasGivenUp { state.load.stuck -= 1 }
                }
            }
        }
    }

    /// False where the thread is to end.
    private func sleep(on wakeUp: DispatchSemaphore) -> Bool {
        if wakeUp.wait(timeout: .now() + idleTime.dispatchInterval) == .success { return true }
        let isToEnd = state.withLockedValue { state in
            guard let place = state.idle.firstIndex(where: { $0 === wakeUp }) else { return false }
            state.idle.remove(at: place)
            state.load.threads -= 1
            return true
        }
        // Somebody took this thread off the list in the meantime: its signal is on the way.
        if !isToEnd { wakeUp.wait() }
        return !isToEnd
    }

    private func giveUp(_ call: any BlockingCall, as reason: LibvirtError, grace: Duration) {
        call.flag.cancel(as: reason)
        let wasWaiting = state.withLockedValue { state in
            guard let place = state.queue.firstIndex(where: { $0 === call }) else { return false }
            state.queue.remove(at: place)
            state.load.waiting -= 1
            return true
        }
        if wasWaiting {
            call.leave(with: reason.kind == .deadline ? .busy(limit: limit) : reason)
        } else if grace > .zero {
            DispatchQueue.global().asyncAfter(deadline: .now() + grace.dispatchInterval) { [self] in
                abandon(call, as: reason)
            }
        } else {
            abandon(call, as: reason)
        }
    }

    private func abandon(_ call: any BlockingCall, as reason: LibvirtError) {
        call.leave(with: reason) {
            state.withLockedValue { $0.load.stuck += 1 }
        }
    }
}

extension Duration {
    /// For Dispatch's timers, in whole milliseconds, rounded up.
    var dispatchInterval: DispatchTimeInterval {
        let (seconds, attoseconds) = components
        let milliseconds = Double(seconds) * 1000 + (Double(attoseconds) / 1e15).rounded(.up)
        return .milliseconds(Int(exactly: max(0, min(milliseconds, 1e12))) ?? 0)
    }
}
