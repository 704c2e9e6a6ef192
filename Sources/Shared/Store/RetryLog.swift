package import Logging
package import Model
import NIOConcurrencyHelpers

/// Logs why the calls of a loop fail: a kind of failure at once and then once a minute, however often the loop tries again.
package final class RetryLog: Sendable {
    private struct Kind {
        var logged: ContinuousClock.Instant
        var repeats = 0
    }

    private static let reminder = Duration.seconds(60)
    /// How many kinds of failure are distinguished within a minute.
    private static let mostKinds = 16

    private let message: Logger.Message
    /// By what the failure says, which names the key or record.
    private let kinds = NIOLockedValueBox([String: Kind]())

    /// - Parameter message: what fails.
    package init(_ message: Logger.Message) {
        self.message = message
    }

    /// Takes note of a call that failed.
    package func note(
        _ failure: Failure,
        in logger: Logger,
        metadata: Logger.Metadata = [:],
        at now: ContinuousClock.Instant = .now
    ) {
        var metadata = metadata
        metadata["error"] = "\(failure)"
        // That Redis is away or refuses calls, its client reports once for the whole process.
        guard failure.code != .storeUnavailable else { return logger.debug(message, metadata: metadata) }
        guard let repeats = repeatsToLog(failure.message, at: now) else { return }
        if repeats > 0 { metadata["repeats"] = "\(repeats)" }
        logger.warning(message, metadata: metadata)
    }

    /// How often a failure of this kind came since one was logged; nil where this one is not to be logged.
    private func repeatsToLog(_ kind: String, at now: ContinuousClock.Instant) -> Int? {
        kinds.withLockedValue { kinds in
            if let known = kinds[kind], now - known.logged < Self.reminder {
                kinds[kind]?.repeats += 1
                return nil
            }
            let repeats = kinds[kind]?.repeats ?? 0
            kinds = kinds.filter { now - $0.value.logged < Self.reminder }
            guard kinds.count < Self.mostKinds else { return nil }
            kinds[kind] = Kind(logged: now)
            return repeats
        }
    }
}
