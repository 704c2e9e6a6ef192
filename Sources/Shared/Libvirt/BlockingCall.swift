import NIOConcurrencyHelpers

/// Signals a blocking body that nobody waits for it any more.
package final class CancellationFlag: Sendable {
    private let reason = NIOLockedValueBox<LibvirtError?>(nil)

    init() {}

    /// True once the caller was cancelled or its deadline passed.
    package var isCancelled: Bool { reason.withLockedValue { $0 != nil } }

    /// Throws where nobody waits any more.
    ///
    /// - Throws: `LibvirtError` of kind `cancelled` or `deadline`, as it was.
    package func check() throws(LibvirtError) {
        if let reason = reason.withLockedValue({ $0 }) { throw reason }
    }

    /// Gives the body up; the first reason counts.
    func cancel(as reason: LibvirtError) {
        self.reason.withLockedValue { $0 = $0 ?? reason }
    }
}

/// One call on its way through `BlockingThreads`, whatever it returns.
protocol BlockingCall: AnyObject, Sendable {
    var flag: CancellationFlag { get }

    /// Runs the body on this thread, reports with `ended` whether its caller had given up, then answers the caller.
    func execute(ended: (Bool) -> Void)

    /// Answers the caller before the body has; `whileRunning` is called where the body goes on without it.
    func leave(with reason: LibvirtError, whileRunning: () -> Void)
}

extension BlockingCall {
    func leave(with reason: LibvirtError) {
        leave(with: reason) {}
    }
}

/// One call whose caller waits.
///
/// It releases the body as soon as that has run or will not run, since its timer keeps the call until the deadline.
final class Call<Value: Sendable>: BlockingCall {
    typealias Body = @Sendable (CancellationFlag) throws -> Value
    typealias Continuation = CheckedContinuation<Value, any Error>

    private enum State {
        case new(Body)
        case waiting(Body, Continuation)
        case running(Continuation)
        /// The caller was answered; a body that still runs is on its own.
        case left
        case ended
        /// The caller was cancelled before it began to wait.
        case refused(LibvirtError)
    }

    let flag = CancellationFlag()
    private let state: NIOLockedValueBox<State>

    init(body: @escaping Body) {
        state = NIOLockedValueBox(.new(body))
    }

    func wait(with continuation: Continuation) {
        let refusal: LibvirtError? = state.withLockedValue { state in
            switch state {
            case .new(let body):
                state = .waiting(body, continuation)
                return nil
            case .refused(let reason): return reason
            case .waiting, .running, .left, .ended: return nil
            }
        }
        if let refusal { continuation.resume(throwing: refusal) }
    }

    func execute(ended: (Bool) -> Void) {
        let body: Body? = state.withLockedValue { state in
            guard case .waiting(let body, let continuation) = state else { return nil }
            state = .running(continuation)
            return body
        }
        guard let body else { return ended(false) }
        let result = Result { try body(flag) }
        let continuation: Continuation? = state.withLockedValue { state in
            defer { state = .ended }
            guard case .running(let continuation) = state else { return nil }
            return continuation
        }
        ended(continuation == nil)
        continuation?.resume(with: result)
    }

    func leave(with reason: LibvirtError, whileRunning: () -> Void) {
        let continuation: Continuation? = state.withLockedValue { state in
            switch state {
            case .new:
                state = .refused(reason)
                return nil
            case .waiting(_, let continuation):
                state = .left
                return continuation
            case .running(let continuation):
                state = .left
                whileRunning()
                return continuation
            case .left, .ended, .refused: return nil
            }
        }
        continuation?.resume(throwing: reason)
    }
}

/// A call that nobody waits for.
final class UnawaitedCall: BlockingCall {
    let flag = CancellationFlag()
    private let body: @Sendable () -> Void

    init(body: @escaping @Sendable () -> Void) {
        self.body = body
    }

    func execute(ended: (Bool) -> Void) {
        body()
        ended(false)
    }

    func leave(with reason: LibvirtError, whileRunning: () -> Void) {}
}
