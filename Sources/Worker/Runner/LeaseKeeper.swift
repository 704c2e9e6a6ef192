import Logging
import Model
import NIOConcurrencyHelpers
import Store

/// Keeps this worker's leases alive, and stops the work whose lease it cannot keep.
///
/// Each beat also says that the worker lives.
final class LeaseKeeper: Sendable {
    private struct Held {
        let lease: Lease
        let stop: @Sendable () -> Void
        var renewed: ContinuousClock.Instant
        /// Whether its work was told to end: the lease is kept until it has.
        var isStopped = false
    }

    private let store: any JobStore
    private let worker: WorkerRecord
    /// How long a lease lasts without renewal.
    let duration: Duration
    private let clock: any WorkerClock
    private let logger: Logger
    private let faults = RetryLog("leases cannot be renewed; trying again")
    private let held = NIOLockedValueBox([JobID: Held]())

    init(
        store: any JobStore,
        worker: WorkerRecord,
        duration: Duration,
        clock: any WorkerClock = SystemClock(),
        logger: Logger
    ) {
        self.store = store
        self.worker = worker
        self.duration = duration
        self.clock = clock
        self.logger = logger
    }

    /// Begins to keep a lease that was just taken.
    ///
    /// - Parameters:
    ///   - lease: the lease.
    ///   - asked: when it was asked for, which is before it began.
    ///   - stop: ends the work; called at most once, where the lease is lost.
    func keep(_ lease: Lease, since asked: ContinuousClock.Instant, stop: @escaping @Sendable () -> Void) {
        held.withLockedValue { $0[lease.job] = Held(lease: lease, stop: stop, renewed: asked) }
    }

    /// For how long a script that the job needs anyway is to renew its lease; nil where that was renewed a moment ago, so that
    /// the steps of a short job cost no write for it.
    func renewal(of lease: Lease) -> Duration? {
        let renewed = held.withLockedValue { held in held[lease.job].flatMap { $0.lease == lease ? $0.renewed : nil } }
        guard let renewed, clock.now - renewed < duration / 4 else { return duration }
        return nil
    }

    /// Notes that a script which the job needed anyway has renewed its lease.
    ///
    /// - Parameters:
    ///   - lease: the lease.
    ///   - asked: when that was asked for.
    func renewed(_ lease: Lease, at asked: ContinuousClock.Instant) {
        held.withLockedValue { held in
            if let own = held[lease.job], own.lease == lease { held[lease.job]?.renewed = max(own.renewed, asked) }
        }
    }

    /// Keeps a lease no longer: its work has ended.
    func release(_ lease: Lease) {
        held.withLockedValue { if $0[lease.job]?.lease == lease { $0[lease.job] = nil } }
    }

    /// Renews the leases and says that the worker lives four times in a lease, so that one call may be lost, and stops work
    /// whose lease could not be renewed, until the task is cancelled; then releases the worker's name.
    ///
    /// - Throws: `Failure` with `leaseLost` where another worker has taken the name, since this one was silent for too long.
    func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            // Each by itself, so that none waits for what another one asks of a slow Redis.
            group.addTask { [self] in
                while !Task.isCancelled {
                    let began = clock.now
                    await renew()
                    // However long that took: a slow Redis does not make renewals rarer.
                    try? await clock.sleep(for: began + duration / 4 - clock.now)
                }
            }
            group.addTask { [self] in
                while !Task.isCancelled {
                    try await announce()
                    try? await clock.sleep(for: duration / 4)
                }
            }
            group.addTask { [self] in
                var last = clock.now
                while !Task.isCancelled {
                    // A worker that stood still renews first: its leases may last still.
                    if clock.now - last < duration / 4 { stopOverdue() }
                    last = clock.now
                    try? await clock.sleep(for: duration / 20)
                }
            }
        }
        // The stop that ended the renewals does not end this.
        await Task { [store, worker, logger] in
            do throws(Failure) { try await store.unregister(worker) } catch {
                logger.warning("the worker's name stays taken until its lease is over", metadata: ["error": "\(error)"])
            }
        }.value
    }

    /// Renews the leases once.
    func renew() async {
        let asked = clock.now
        let leases = held.withLockedValue { $0.values.map(\.lease) }.sorted { $0.job < $1.job }
        guard !leases.isEmpty else { return }
        do throws(Failure) {
            let lost = try await store.renew(leases, for: duration)
            for lease in leases where lost.contains(lease.job) {
                stop(lease, because: "its lease is no longer ours: another worker has the job, or the record is lost")
                release(lease)
            }
            // One that was taken again meanwhile has been renewed by that.
            for lease in leases { renewed(lease, at: asked) }
        } catch {
            faults.note(error, in: logger)
        }
    }

    /// Says once that the worker lives.
    func announce() async throws(Failure) {
        let isOurs: Bool
        do throws(Failure) {
            isOurs = try await store.announce(worker, jobs: held.withLockedValue(\.count), lifetime: duration * 3)
        } catch {
            faults.note(error, in: logger)
            return
        }
        if !isOurs {
            throw Failure(
                .leaseLost,
                "another worker has taken the name \(worker.name), since this one was silent for too long"
            )
        }
    }

    /// Has work end before its lease does, so that no other worker begins beside it.
    ///
    /// What it has asked a PM for it waits for, and its lease is renewed until then wherever that can be done.
    func stopOverdue() {
        let latest = clock.now - duration * 0.6
        let overdue = held.withLockedValue { $0.values.filter { $0.renewed < latest && !$0.isStopped }.map(\.lease) }
            .sorted {
                $0.job < $1.job
            }
        for lease in overdue { stop(lease, because: "its lease could not be renewed in time") }
    }

    /// Stops the work of a lease; not that of a later one for the same job.
    private func stop(_ lease: Lease, because reason: String) {
        let work = held.withLockedValue { held -> Held? in
            guard let work = held[lease.job], work.lease == lease, !work.isStopped else { return nil }
            held[lease.job]?.isStopped = true
            return work
        }
        guard let work else { return }
        logger.error("stopping a job: \(reason)", metadata: ["job": "\(lease.job)"])
        work.stop()
    }
}
