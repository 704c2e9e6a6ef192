import Logging
import Model
import NIOConcurrencyHelpers
import Store

/// Requeues what workers that died have left, and deferred jobs when they are due.
///
/// Every worker sweeps; a sweep is one script, and what one has done the next does not find.
struct Sweeper: Sendable {
    let store: any JobStore
    /// Fired where a job was deferred, which may be due before the next sweep.
    let wake: WakeSignal
    /// The longest wait between two sweeps.
    let period: Duration
    private let clock: any WorkerClock
    let logger: Logger
    private let outages: NIOLockedValueBox<RedisOutages>
    private let reported = NIOLockedValueBox(ReportedFaults())
    private let faults = RetryLog("what is due cannot be read; trying again")

    /// - Parameters:
    ///   - store: where jobs are.
    ///   - wake: fired where a job was deferred.
    ///   - lease: how long a lease lasts without renewal.
    ///   - clock: the time.
    ///   - logger: for what is brought back.
    init(
        store: any JobStore,
        wake: WakeSignal,
        lease: Duration,
        clock: any WorkerClock = SystemClock(),
        logger: Logger
    ) {
        self.store = store
        self.wake = wake
        period = min(lease / 3, .seconds(2))
        self.clock = clock
        self.logger = logger
        outages = NIOLockedValueBox(RedisOutages(lease: lease))
    }

    /// Sweeps until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            let wait = await sweep()
            await wake.wait(atMost: wait, on: clock)
        }
    }

    /// Sweeps once.
    ///
    /// - Returns: how long to wait for the next one.
    func sweep() async -> Duration {
        do throws(Failure) {
            let asked = clock.now
            let isCounting = outages.withLockedValue { $0.isOver(at: asked) }
            let outcome = try await store.sweep(isCountingCrashes: isCounting)
            outages.withLockedValue { $0.note(call: clock.now - asked, at: clock.now) }
            if !outcome.recovered.isEmpty {
                logger.notice("took back jobs of workers that died", metadata: ["jobs": "\(outcome.recovered)"])
            }
            if !outcome.due.isEmpty {
                logger.info("requeued deferred jobs that are due", metadata: ["jobs": "\(outcome.due)"])
            }
            if !outcome.givenUp.isEmpty {
                logger.error("gave up jobs that kept ending workers", metadata: ["jobs": "\(outcome.givenUp)"])
            }
            for fault in reported.withLockedValue({ $0.unreported(of: outcome.faults, at: asked) }) {
                logger.error("a record is broken", metadata: ["error": "\(fault)"])
            }
            // A little late rather than a little early, which would be a sweep for nothing.
            return max(min((outcome.next ?? period) + .milliseconds(5), period), .milliseconds(20))
        } catch {
            outages.withLockedValue { $0.note(failureAt: clock.now) }
            faults.note(error, in: logger)
            return min(period, .milliseconds(500))
        }
    }
}
