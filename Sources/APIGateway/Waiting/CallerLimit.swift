import Model
import NIOConcurrencyHelpers

/// Limits how many callers wait at once, since each costs memory while it waits.
final class CallerLimit: Sendable {
    private let limit: Int
    private let refusal: Failure
    private let count = NIOLockedValueBox(0)

    /// - Parameters:
    ///   - limit: how many may wait.
    ///   - refusal: what those beyond it are told; nil for those who wait for the outcome of jobs.
    init(_ limit: Int, _ refusal: Failure? = nil) {
        self.limit = limit
        self.refusal =
            refusal
            ?? Failure(
                .tooManyWaiting,
                "\(limit) callers wait for the outcome of their jobs, which is the limit: try again later; nothing was "
                    + "accepted"
            )
    }

    /// The place of a caller, which the next one may have when it is freed.
    final class Place: Sendable {
        private let limit: CallerLimit

        fileprivate init(_ limit: CallerLimit) { self.limit = limit }

        deinit { limit.count.withLockedValue { $0 -= 1 } }
    }

    /// Admits a caller for as long as it keeps its place.
    ///
    /// - Throws: `Failure` with `tooManyWaiting`, or another one.
    func enter() throws(Failure) -> Place {
        let isAdmitted = count.withLockedValue { count in
            guard count < limit else { return false }
            count += 1
            return true
        }
        guard !isAdmitted else { return Place(self) }
        throw refusal
    }
}
