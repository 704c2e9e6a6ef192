package import Model
import RedisClient

/// What a sweep brought back.
package struct SweepOutcome: Hashable, Sendable {
    /// The jobs whose lease had run out, on the queue again.
    package let recovered: [JobID]
    /// The jobs that were put off and are due, on the queue again.
    package let due: [JobID]
    /// The jobs that were given up.
    package let givenUp: [JobID]
    /// What is broken, and was left as it is.
    package let faults: [Failure]
    /// When the next lease ends or the next job is due; nil where there is none.
    package let next: Duration?
}

/// Whether a worker may take the next step of a job.
package enum StepPermit: Hashable, Sendable {
    /// It may; and how far the job had come before, in this run or an earlier one.
    case go(before: JobStep?)
    /// The PM takes no VMs any more, and nothing was made there yet.
    case closed
    /// The job is another worker's, or has ended.
    case lost
}

extension Store {
    /// Puts a job back to its place in the queue, where the worker still holds it.
    ///
    /// - Parameters:
    ///   - lease: the job and the epoch under which it is held.
    ///   - reason: why, for people.
    /// - Returns: false where the job is another worker's by now, or has ended.
    /// - Throws: `Failure`.
    package func handBack(_ lease: Lease, reason: String) async throws(Failure) -> Bool {
        try await run(.release, lease.arguments + ["reason": reason])
    }

    /// Puts a job off, where the worker still holds it; its VM keeps its room.
    ///
    /// - Parameters:
    ///   - lease: the job and the epoch under which it is held.
    ///   - delay: until when; sooner where its PM comes up again.
    ///   - failure: why.
    /// - Returns: false where the job is another worker's by now, or has ended.
    /// - Throws: `Failure`.
    package func postpone(_ lease: Lease, by delay: Duration, because failure: Failure) async throws(Failure) -> Bool {
        try await run(.deferJob, lease.arguments + ["delay_ms": delay.milliseconds] + failure.arguments)
    }

    /// Sends a create that has left nothing on its PM to another one, where the worker still holds it.
    ///
    /// - Parameters:
    ///   - lease: the job and the epoch under which it is held.
    ///   - failure: why.
    ///   - isMachineFault: whether the failure counts against the PM.
    /// - Returns: false where the job is another worker's by now, or has ended.
    /// - Throws: `Failure`.
    package func moveOn(
        _ lease: Lease,
        because failure: Failure,
        isMachineFault: Bool
    ) async throws(Failure) -> Bool {
        try await run(.reschedule, lease.arguments + failure.arguments + ["is_pm_fault": isMachineFault ? 1 : 0])
    }

    /// Brings back jobs whose lease ran out and jobs that are due; gives up those that keep ending their workers.
    ///
    /// - Parameters:
    ///   - limit: how many jobs of each kind at most.
    ///   - crashLimit: how often a job may end its worker.
    ///   - repairPeriod: how often processing lists and leases are compared, over all workers.
    /// - Returns: what was done, and when there is more to do.
    /// - Throws: `Failure`.
    package func sweep(
        limit: Int = 100,
        crashLimit: Int = 3,
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
