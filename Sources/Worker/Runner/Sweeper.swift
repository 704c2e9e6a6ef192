import Logging
import Model
import Store

/// Brings back to the queue what workers that died have left and what was put off, in time.
///
/// Every worker sweeps; a sweep is one script, and what one has done the next does not find.
struct Sweeper: Sendable {
    let store: any JobStore
    /// Fired where a job was put off, which may be due before the next sweep.
    let wake: WakeSignal
    /// The longest wait between two sweeps.
    let period: Duration
    var clock: any WorkerClock = SystemClock()
    let logger: Logger
    private let faults = RetryLog("what is due cannot be read; trying again")

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
            let outcome = try await store.sweep()
            if !outcome.recovered.isEmpty {
                logger.notice("took back jobs of workers that died", metadata: ["jobs": "\(outcome.recovered)"])
            }
            if !outcome.due.isEmpty {
                logger.info("took up jobs that were put off", metadata: ["jobs": "\(outcome.due)"])
            }
            if !outcome.givenUp.isEmpty {
                logger.error("gave up jobs that kept ending workers", metadata: ["jobs": "\(outcome.givenUp)"])
            }
            for fault in outcome.faults { logger.error("a record is broken", metadata: ["error": "\(fault)"]) }
            // A little late rather than a little early, which would be a sweep for nothing.
            return max(min((outcome.next ?? period) + .milliseconds(5), period), .milliseconds(20))
        } catch {
            faults.note(error, in: logger)
            return min(period, .milliseconds(500))
        }
    }
}
