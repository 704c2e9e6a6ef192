import NIOConcurrencyHelpers

/// Tells a blocking body that nobody waits for it any more.
public final class CancellationFlag: Sendable {
    private let flag = NIOLockedValueBox(false)

    init() {}

    /// True once the caller was cancelled or its deadline passed.
    public var isCancelled: Bool { flag.withLockedValue { $0 } }

    /// Throws where nobody waits any more.
    ///
    /// - Throws: `LibvirtError` of kind `cancelled`.
    public func check() throws(LibvirtError) {
        if isCancelled { throw .cancelled }
    }

    func cancel() {
        flag.withLockedValue { $0 = true }
    }
}

/// One call on its way through `BlockingThreads`, whatever it returns.
protocol BlockingCall: AnyObject, Sendable {
    var flag: CancellationFlag { get }

    /// Runs the body on this thread, says with `ended` whether its caller had gone, then answers the caller.
    func execute(ended: (Bool) -> Void)

    /// Answers the caller before the body has; `whileRunning` is called where the body goes on without it.
    func leave(with reason: LibvirtError, whileRunning: () -> Void)
}

extension BlockingCall {
    func leave(with reason: LibvirtError) {
        leave(with: reason) {}
    }
}

final class Call<Value: Sendable>: BlockingCall {
    private enum State {
        case new
        /// `isRunning` once a thread has taken it.
        case awaited(CheckedContinuation<Value, any Error>, isRunning: Bool)
        /// The caller was answered; a body that still runs is on its own.
        case left
        case ended
        /// The caller was cancelled before it began to wait.
        case refused(LibvirtError)
    }

    let flag = CancellationFlag()
    private let body: @Sendable (CancellationFlag) throws -> Value
    private let state = NIOLockedValueBox(State.new)

    init(body: @escaping @Sendable (CancellationFlag) throws -> Value) {
        self.body = body
    }

    func wait(with continuation: CheckedContinuation<Value, any Error>) {
        let refusal: LibvirtError? = state.withLockedValue { state in
            if case .refused(let reason) = state {
                state = .left
                return reason
            }
            state = .awaited(continuation, isRunning: false)
            return nil
        }
        if let refusal { continuation.resume(throwing: refusal) }
    }

    func execute(ended: (Bool) -> Void) {
        let isWanted = state.withLockedValue { state in
            guard case .awaited(let continuation, _) = state else { return false }
            state = .awaited(continuation, isRunning: true)
            return true
        }
        guard isWanted else { return ended(false) }
        let result = Result { try body(flag) }
        let continuation = state.withLockedValue { state -> CheckedContinuation<Value, any Error>? in
            defer { state = .ended }
            guard case .awaited(let continuation, _) = state else { return nil }
            return continuation
        }
        ended(continuation == nil)
        continuation?.resume(with: result)
    }

    func leave(with reason: LibvirtError, whileRunning: () -> Void) {
        let continuation = state.withLockedValue { state -> CheckedContinuation<Value, any Error>? in
            switch state {
            case .new:
                state = .refused(reason)
                return nil
            case .awaited(let continuation, let isRunning):
                state = .left
                if isRunning { whileRunning() }
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
