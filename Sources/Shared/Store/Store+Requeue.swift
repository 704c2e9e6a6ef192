package import Model
import RedisClient

/// What a sweep brought back.
package struct SweepOutcome: Hashable, Sendable {
    /// The jobs whose lease had run out, on the queue again.
    package var recovered: [JobID] = []
    /// The deferred jobs that are due, on the queue again.
    package var due: [JobID] = []
    /// The jobs that were given up.
    package var givenUp: [JobID] = []
    /// What is broken, and was left as it is.
    package var faults: [Failure] = []
    /// When the next lease ends or the next job is due; nil where there is none.
    package var next: Duration?

    package init(next: Duration? = nil) {
        self.next = next
    }
}

extension Store {
    /// Puts a job back to its place in the queue, where the worker still holds it.
    ///
    /// - Parameters:
    ///   - lease: the job and the epoch under which it is held.
    ///   - reason: why, for people.
    ///   - steps: the lines of the step log to write.
    /// - Returns: false where the job is another worker's by now, or has ended.
    /// - Throws: `Failure`.
    package func requeue(
        _ lease: Lease,
        reason: String,
        writing steps: [StepWrite] = []
    ) async throws(Failure) -> Bool {
        try await run(.release, lease.arguments + ["reason": reason], more: steps.arguments)
    }

    /// Defers a job, where the worker still holds it; its VM keeps its claim.
    ///
    /// - Parameters:
    ///   - lease: the job and the epoch under which it is held.
    ///   - delay: until when; sooner where its PM comes up again.
    ///   - failure: why.
    ///   - steps: the lines of the step log to write.
    /// - Returns: false where the job is another worker's by now, or has ended.
    /// - Throws: `Failure`.
    package func postpone(
        _ lease: Lease,
        by delay: Duration,
        because failure: Failure,
        writing steps: [StepWrite] = []
    ) async throws(Failure) -> Bool {
        try await run(
            .deferJob,
            lease.arguments + ["delay_ms": delay.milliseconds] + failure.arguments,
            more: steps.arguments
        )
    }

    /// Sends a job that has left nothing on its PM to another one, where the worker still holds it.
    ///
    /// - Parameters:
    ///   - lease: the job and the epoch under which it is held.
    ///   - failure: why.
    ///   - penalizesPM: whether the failure counts against the PM.
    ///   - steps: the lines of the step log to write.
    /// - Returns: false where the job is another worker's by now, or has ended.
    /// - Throws: `Failure`.
    package func reschedule(
        _ lease: Lease,
        because failure: Failure,
        penalizesPM: Bool,
        writing steps: [StepWrite] = []
    ) async throws(Failure) -> Bool {
        try await run(
            .reschedule,
            lease.arguments + failure.arguments + ["is_pm_fault": penalizesPM ? 1 : 0],
            more: steps.arguments
        )
    }

    /// Brings back jobs whose lease ran out and jobs that are due, 100 of each at most; gives up those that have ended
    /// three workers.
    ///
    /// - Parameter isCountingCrashes: whether a lease that ran out says that its job has ended its worker.
    /// - Returns: what was done, and when there is more to do.
    /// - Throws: `Failure`.
    package func sweep(isCountingCrashes: Bool) async throws(Failure) -> SweepOutcome {
        try await sweep(limit: 100, crashLimit: isCountingCrashes ? Self.crashLimit : 0)
    }

    /// How often a job may end its worker.
    private static let crashLimit = 3

    /// Brings back jobs whose lease ran out and jobs that are due; gives up those that keep ending their workers.
    ///
    /// - Parameters:
    ///   - limit: how many jobs of each kind at most.
    ///   - crashLimit: how often a job may end its worker; 0 to count nothing.
    ///   - repairPeriod: how often processing lists and leases are compared, over all workers.
    /// - Returns: what was done, and when there is more to do.
    /// - Throws: `Failure`.
    package func sweep(
        limit: Int = 100,
        crashLimit: Int = Store.crashLimit,
        repairPeriod: Duration = .seconds(15)
    ) async throws(Failure) -> SweepOutcome {
        try await run(
            .sweep,
            [
                "limit": limit,
                "crash_limit": crashLimit,
                "retention": jobRetention.argument,
                "repair_ms": repairPeriod.milliseconds,
            ]
        )
    }
}

extension Failure {
    /// As scripts take it that write why a try did not succeed.
    fileprivate var arguments: ScriptArguments {
        ["code": code.rawValue, "message": message, "cause": cause ?? ""]
    }
}

extension SweepOutcome: ScriptReply {
    init?(_ reply: RESPValue, keys: Keys) {
        guard let parts = reply.array, parts.count == 5, let recovered = [JobID](parts[0], keys: keys),
            let due = [JobID](parts[1], keys: keys), let givenUp = [JobID](parts[2], keys: keys),
            let next = parts[3].int, let problems = parts[4].strings
        else { return nil }
        self.recovered = recovered
        self.due = due
        self.givenUp = givenUp
        self.next = next < 0 ? nil : .milliseconds(next)
        faults = problems.map { .malformedRecord($0) }
    }
}
