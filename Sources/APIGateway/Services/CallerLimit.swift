import Model
import NIOConcurrencyHelpers

/// How many callers may wait at once: each costs memory for as long as it waits.
final class CallerLimit: Sendable {
    private let limit: Int
    private let count = NIOLockedValueBox(0)

    init(_ limit: Int) {
        self.limit = limit
    }

    /// Lets a caller in for as long as a body runs.
    ///
    /// - Parameter body: what may wait.
    /// - Returns: what it returns.
    /// - Throws: `Failure` with `tooManyWaiting`, before the body has begun; what the body throws.
    func admitting<Value>(_ body: () async throws(Failure) -> Value) async throws(Failure) -> Value {
        let isAdmitted = count.withLockedValue { count in
            guard count < limit else { return false }
            count += 1
            return true
        }
        guard isAdmitted else {
            throw Failure(
                .tooManyWaiting,
                "\(limit) callers wait for the outcome of their jobs, and no more may: try again later; nothing was accepted"
            )
        }
        defer { count.withLockedValue { $0 -= 1 } }
        return try await body()
    }
}
