import Bootstrap
import Model
import NIOConcurrencyHelpers
import Store

/// A job's steps on its PM: each is noted, and the right to the job checked, before anything is done for it.
struct Journal: Sendable {
    private let store: Store
    private let lease: Lease
    /// How long a permit may be old when the act begins.
    private let patience: Duration
    private let furthest = NIOLockedValueBox<JobStep?>(nil)

    /// A journal.
    ///
    /// - Parameters:
    ///   - store: where it is kept.
    ///   - lease: the job, and the epoch under which it is held.
    ///   - duration: how long a lease lasts without renewal.
    init(store: Store, lease: Lease, lasting duration: Duration) {
        self.store = store
        self.lease = lease
        patience = duration / 2
    }

    /// True where this run or an earlier one may have made something of the VM's own on the PM.
    var mayHaveMadeSomething: Bool { furthest.withLockedValue { $0.map { $0 > .image } ?? false } }

    /// Takes a step.
    ///
    /// - Parameters:
    ///   - step: the step.
    ///   - act: what to do; safe to repeat.
    /// - Returns: what `act` returns.
    /// - Throws: `Failure`: what `act` throws; `leaseLost` where the job is no longer this worker's; `machineClosed` where
    ///   the PM takes no VMs any more.
    func take<Value>(
        _ step: JobStep,
        _ act: () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        var asked: ContinuousClock.Instant
        repeat {
            asked = .now
            try await enter(step)
            CrashPoint.entered(step).reach()
            // A worker that was frozen since then asks again: the job may be another's by now.
        } while ContinuousClock.now - asked > patience
        let value = try await act()
        CrashPoint.made(step).reach()
        return value
    }

    private func enter(_ step: JobStep) async throws(Failure) {
        switch try await store.enter(step, of: lease) {
        case .go(let before): furthest.withLockedValue { $0 = max($0 ?? step, before ?? step, step) }
        case .closed: throw Failure(.machineClosed, "the PM was closed to new VMs before anything was made there")
        case .lost:
            throw Failure(.leaseLost, "the lease is no longer ours: another worker has the job, or the record is lost")
        }
    }
}
