/// How long to wait before the next try: exponential growth with full jitter.
///
/// The wait before retry number `n` (from 0) is drawn evenly from zero to `min(limit, base * 2^n)`, so that many
/// clients that lost the same server do not come back at the same moment.
package struct Backoff: Sendable, Hashable {
    /// The longest wait before the first retry.
    package let base: Duration

    /// The longest wait at all.
    package let limit: Duration

    /// Makes a backoff.
    ///
    /// - Parameters:
    ///   - base: The longest wait before the first retry; below zero counts as zero.
    ///   - limit: The longest wait at all; below `base` counts as `base`.
    package init(base: Duration = .milliseconds(50), limit: Duration = .seconds(2)) {
        self.base = max(base, .zero)
        self.limit = max(limit, self.base)
    }

    /// The upper end of the wait before a retry.
    ///
    /// - Parameter retry: The number of the retry, from 0.
    /// - Returns: `min(limit, base * 2^retry)`.
    package func ceiling(retry: Int) -> Duration {
        var ceiling = base
        var step = 0
        // Stops at the limit, so it neither overflows nor runs long for a large number.
        while step < retry, .zero < ceiling, ceiling < limit {
            ceiling = ceiling > limit / 2 ? limit : ceiling * 2
            step += 1
        }
        return min(ceiling, limit)
    }

    /// The wait before a retry.
    ///
    /// - Parameters:
    ///   - retry: The number of the retry, from 0.
    ///   - fraction: Where in the range to wait, from 0 to 1: a random number, but in tests.
    /// - Returns: `ceiling(retry:)` times the fraction.
    package func delay(retry: Int, fraction: Double) -> Duration {
        ceiling(retry: retry) * min(max(fraction, 0), 1)
    }

    /// The wait before a retry, drawn at random.
    ///
    /// - Parameter retry: The number of the retry, from 0.
    /// - Returns: A time from zero to `ceiling(retry:)`.
    package func delay(retry: Int) -> Duration {
        delay(retry: retry, fraction: .random(in: 0...1))
    }
}
