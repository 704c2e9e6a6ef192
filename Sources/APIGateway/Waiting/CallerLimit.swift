import Model
import NIOConcurrencyHelpers

/// Limits how many callers wait at once, since each costs memory while it waits.
final class CallerLimit: Sendable {
    private let limit: Int
    private let count = NIOLockedValueBox(0)

    init(_ limit: Int) {
        self.limit = limit
    }

    /// Admits a caller, who must leave.
    ///
    /// - Throws: `Failure` with `tooManyWaiting`.
    func enter() throws(Failure) {
        let isAdmitted = count.withLockedValue { count in
            guard count < limit else { return false }
            count += 1
            return true
        }
        guard !isAdmitted else { return }
        throw Failure(
            .tooManyWaiting,
            "\(limit) callers wait for the outcome of their jobs, which is the limit: try again later; nothing was accepted"
        )
    }

    /// Admits another caller in this one's place.
    func leave() {
        count.withLockedValue { $0 -= 1 }
    }
}
