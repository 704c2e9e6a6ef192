import Model
import NIOConcurrencyHelpers
import Store

/// Bounds how many calls each caller makes in a second, as a token bucket that holds two seconds' worth.
final class RateLimit: Sendable {
    private struct Bucket {
        var calls: Double
        var filled: ContinuousClock.Instant
    }

    /// Calls a second; 0 for any number.
    private let rate: Double
    /// One for each caller; there are no more of them than tokens.
    private let buckets = NIOLockedValueBox([Caller: Bucket]())

    init(perSecond rate: Int) {
        self.rate = Double(rate)
    }

    /// Counts a call.
    ///
    /// - Throws: `Failure` with `rateLimited` where the caller makes too many.
    func take(_ caller: Caller, at now: ContinuousClock.Instant = .now) throws(Failure) {
        guard rate > 0 else { return }
        let isTaken = buckets.withLockedValue { buckets in
            if buckets.count > Store.mostTokens { buckets.removeAll() }
            var bucket = buckets[caller] ?? Bucket(calls: 2 * rate, filled: now)
            let elapsed = (now - bucket.filled) / .seconds(1)
            bucket.calls = min(2 * rate, bucket.calls + max(0, elapsed) * rate)
            bucket.filled = now
            let isTaken = bucket.calls >= 1
            if isTaken { bucket.calls -= 1 }
            buckets[caller] = bucket
            return isTaken
        }
        guard !isTaken else { return }
        throw Failure(
            .rateLimited,
            "'\(caller.name)' makes more than \(Int(rate)) calls a second (HVC_RATE_LIMIT): slow down, and try again"
        )
    }
}
