package import Model
import RedisClient

/// A worker's right to a job: the epoch grows each time the job changes hands.
package struct Lease: Hashable, Sendable {
    /// The job.
    package let job: JobID
    /// The epoch.
    package let epoch: Int

    /// Makes a lease.
    ///
    /// - Parameters:
    ///   - job: the job.
    ///   - epoch: the epoch.
    package init(job: JobID, epoch: Int) {
        self.job = job
        self.epoch = epoch
    }

    /// What all scripts that a worker may run only while it holds the job begin with.
    var arguments: ScriptArguments { ["job": job.value, "epoch": epoch] }
}

extension StepPermit: ScriptReply {
    init?(_ reply: RESPValue, keys: Keys) {
        guard let words = reply.strings else { return nil }
        switch (words.first, words.count) {
        case ("go", 2): self = .go(before: JobStep(rawValue: words[1]))
        case ("closed", 1): self = .closed
        case ("lost", 1): self = .lost
        default: return nil
        }
    }
}

extension Store {
    /// Extends leases by the clock of Redis.
    ///
    /// - Parameters:
    ///   - leases: the leases that the worker holds.
    ///   - duration: how long they are to last from now.
    /// - Returns: the jobs that are no longer the worker's.
    /// - Throws: `Failure`.
    package func renew(_ leases: [Lease], for duration: Duration) async throws(Failure) -> [JobID] {
        try await run(
            .renew,
            ["lease_ms": duration.milliseconds],
            more: leases.flatMap { [$0.job.value, $0.epoch] }
        )
    }

    /// Notes that a job comes to its next step; called before each act on a PM.
    ///
    /// - Parameters:
    ///   - step: the step.
    ///   - lease: the job and the epoch under which it is held.
    /// - Returns: whether the worker may go on.
    /// - Throws: `Failure`.
    package func enter(_ step: JobStep, of lease: Lease) async throws(Failure) -> StepPermit {
        let steps = JobStep.allCases.map(\.rawValue)
        return try await run(.beginStep, lease.arguments + ["step": step.rawValue], more: steps)
    }

    /// Notes on a destroy which files its VM's domain used and that stay on the PM.
    ///
    /// - Parameters:
    ///   - files: their paths.
    ///   - lease: the job and the epoch under which it is held.
    /// - Throws: `Failure`.
    package func note(left files: [String], by lease: Lease) async throws(Failure) {
        // Bounded, since anybody on the PM may make as many as they like.
        let text = files.prefix(32).joined(separator: "\n")
        let _: Bool = try await run(.noteLeft, lease.arguments + ["files": String(text.prefix(8192))])
    }

    /// Writes a job's outcome, where the worker still holds it.
    ///
    /// - Parameters:
    ///   - lease: the job and the epoch under which it is held.
    ///   - worker: who holds it.
    ///   - failure: why it did not succeed; nil where it did.
    ///   - delay: until the destroy that a failed create owes; nil where it has left nothing on its PM.
    ///   - isMachineFault: whether the failure counts against the PM.
    /// - Returns: false where the job is another worker's by now, or has ended.
    /// - Throws: `Failure`.
    package func finish(
        _ lease: Lease,
        by worker: String,
        failure: Failure?,
        owingRemovalIn delay: Duration? = nil,
        isMachineFault: Bool = false
    ) async throws(Failure) -> Bool {
        try await run(
            .finish,
            ["worker": worker] + lease.arguments + [
                "outcome": failure == nil ? "done" : "failed",
                "code": failure?.code.rawValue ?? "",
                "message": failure?.message ?? "",
                "cause": failure?.cause ?? "",
                "retention": jobRetention.argument,
                "cleanup_ms": delay.map { String($0.milliseconds) } ?? "",
                "is_pm_fault": isMachineFault ? 1 : 0,
                "job_floor": numbersSeen.job,
            ]
        )
    }
}
