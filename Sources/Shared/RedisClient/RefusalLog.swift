import Logging
import NIOConcurrencyHelpers
import NIOCore

/// Reports in the log that Redis refuses calls: now and then for each kind of refusal, however many calls meet it.
final class RefusalLog: Sendable {
    private struct Refusal {
        let first: NIODeadline
        var reported: NIODeadline?
        var calls = 0
    }

    private let logger: Logger
    private let reminder: TimeAmount
    private let refusals = NIOLockedValueBox([RedisError.Code: Refusal]())

    /// A call that blocks may end a moment before the shared connection, whose end is reported for all.
    private static let grace = TimeAmount.seconds(2)

    init(reminder: Duration, logger: Logger) {
        self.reminder = TimeAmount(reminder)
        self.logger = logger
    }

    /// Takes note of a call that failed.
    ///
    /// - Parameters:
    ///   - error: why it failed.
    ///   - isConnected: whether the shared connection is up.
    func note(_ error: RedisError, isConnected: Bool) {
        let now = NIODeadline.now()
        let isLost = error.code == .notConnected || error.code == .connectionLost
        let calls = refusals.withLockedValue { refusals -> Int? in
            guard isConnected || !isLost else {
                refusals[error.code] = nil
                return nil
            }
            var refusal = refusals[error.code] ?? Refusal(first: now)
            refusal.calls += 1
            let isDue = refusal.reported.map { now - $0 >= reminder } ?? (!isLost || now - refusal.first >= Self.grace)
            defer { refusals[error.code] = refusal }
            guard isDue else { return nil }
            refusal.reported = now
            defer { refusal.calls = 0 }
            return refusal.calls
        }
        guard let calls else { return }
        logger.warning("Redis refuses calls", metadata: ["error": "\(error)", "calls": "\(calls)"])
    }
}
