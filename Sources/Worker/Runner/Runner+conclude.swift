import Bootstrap
import Logging
import Model
import Store

extension Runner {
    /// For how long at least an outcome waits for a Redis that is away: written late, it is fenced as any other.
    private static let longestOutage = Duration.seconds(15)

    /// Writes what an attempt came to; where Redis does not answer, tries for a while.
    func conclude(_ job: ClaimedJob, _ result: Result, wasStopped: Bool, _ logger: Logger) async {
        defer { CrashPoint.concluded.reach() }
        let end = clock.now + max(leases.duration, Self.longestOutage)
        while true {
            do throws(Failure) {
                return try await write(result, of: job, wasStopped: wasStopped, logger)
            } catch {
                // Where it stays so, the lease runs out and another worker repeats the job, which is safe.
                guard error.code == .storeUnavailable, clock.now < end else {
                    logger.error("the outcome cannot be written", metadata: ["error": "\(error)"])
                    return
                }
                logger.debug("the outcome cannot be written; trying again", metadata: ["error": "\(error)"])
                try? await clock.sleep(for: .milliseconds(250))
            }
        }
    }

    private func write(
        _ result: Result,
        of job: ClaimedJob,
        wasStopped: Bool,
        _ logger: Logger
    ) async throws(Failure) {
        switch result.outcome {
        case .done:
            let isOurs = try await store.finish(job.lease, by: worker, JobEnding(writing: result.unwritten))
            if isOurs {
                let seconds = (clock.now - job.asked) / .seconds(1)
                let sample = JobTimes.Sample(seconds: seconds, broughtImage: result.bringsImage)
                metrics.durations.note(sample, of: job.entry.kind)
                if operations[job.entry.kind]?.startsVM == true, let pm = job.machine {
                    await started(job.entry.vm, pm)
                }
            }
            report(job, isOurs ? .done : .lost, [:], logger)
        case .failed(let failure, _) where wasStopped || failure.code.leavesJobAsItIs:
            let reason = wasStopped ? "worker \(worker) was stopped" : failure.message
            let isBack = try await store.requeue(job.lease, reason: reason, writing: result.unwritten)
            report(job, isBack ? .requeued : .lost, ["error": "\(failure)"], logger)
        case .failed(let failure, let isClean):
            try await retry(job, failure, isClean: isClean, writing: result.unwritten, logger)
        }
    }

    private func retry(
        _ job: ClaimedJob,
        _ failure: Failure,
        isClean: Bool,
        writing steps: [StepWrite],
        _ logger: Logger
    ) async throws(Failure) {
        let isReachedElsewhere = try await isReachedElsewhere(job, failure)
        if isReachedElsewhere { yieldDelay.begin(at: clock.now) }
        let attempt = FailedAttempt(
            code: failure.code,
            isClean: isClean,
            earlierFailures: try await store.tries(of: job.lease.job),
            isReachedElsewhere: isReachedElsewhere
        )
        let operation = operations[job.entry.kind]
        let decision = operation?.retry.decide(after: attempt) ?? .fail
        let penalizesPM = operation?.claim.choosesPM == true && failure.code.isPMFault && !isReachedElsewhere
        func end(cleanupDelay: Duration? = nil) async throws(Failure) -> Bool {
            let ending = JobEnding(
                failure: failure,
                cleanupDelay: cleanupDelay,
                penalizesPM: penalizesPM,
                writing: steps
            )
            return try await store.finish(job.lease, by: worker, ending)
        }
        let isOurs: Bool
        let outcome: JobMetrics.Outcome
        var delay: Duration?
        switch decision {
        case .reschedule:
            outcome = .rescheduled
            isOurs = try await store.reschedule(
                job.lease,
                because: failure,
                penalizesPM: penalizesPM,
                writing: steps
            )
        case .postpone(let wait):
            outcome = .deferred
            let time = wait.delay(fraction: fraction())
            delay = time
            isOurs = try await store.postpone(job.lease, by: time, because: failure, writing: steps)
        case .fail:
            outcome = .failed
            isOurs = try await end()
        case .failWithCleanup(let wait):
            outcome = .failed
            delay = wait.delay(fraction: fraction())
            isOurs = try await end(cleanupDelay: delay)
        }
        var metadata: Logger.Metadata = ["error": "\(failure)"]
        // Until it goes on, or until what it left is cleaned up.
        metadata["delay"] = delay.map { "\($0)" }
        report(job, isOurs ? outcome : .lost, metadata, logger)
    }

    /// Whether another worker reaches the PM that does not answer this one.
    private func isReachedElsewhere(_ job: ClaimedJob, _ failure: Failure) async throws(Failure) -> Bool {
        guard failure.code == .machineUnreachable, let pm = job.machine else { return false }
        return try await store.isReached(pm, byOtherThan: worker)
    }

    private func report(
        _ job: ClaimedJob,
        _ outcome: JobMetrics.Outcome,
        _ metadata: Logger.Metadata,
        _ logger: Logger
    ) {
        metrics.note(outcome, of: job.entry.kind)
        let what = outcome == .lost ? "no longer ours" : outcome.rawValue
        logger.info("\(job.entry.kind.rawValue): \(what)", metadata: metadata)
    }
}

extension Operation {
    /// Whether a VM runs once it is done.
    var startsVM: Bool { steps.contains { $0.action == .ensureRunning } }
}
