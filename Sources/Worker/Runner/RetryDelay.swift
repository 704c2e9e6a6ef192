import Model
import RedisClient

extension RetryDecision.Wait {
    /// How long to wait.
    ///
    /// At least half of the range, so that a PM that is down is not asked in a hurry.
    ///
    /// - Parameter fraction: where in the upper half of the range, from 0 to 1: a random number, but in tests.
    /// - Returns: the time.
    func delay(fraction: Double) -> Duration {
        switch wait {
        case .fixed(let time): time
        case .backoff(let base, let limit, let mostRetries):
            Backoff(base: base, limit: limit).delay(retry: min(retry, mostRetries), fraction: 0.5 + fraction / 2)
        }
    }
}
