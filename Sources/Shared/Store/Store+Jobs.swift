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
    ///   - ending: the outcome.
    /// - Returns: false where the job is another worker's by now, or has ended.
    /// - Throws: `Failure`.
    package func finish(_ lease: Lease, by worker: String, _ ending: JobEnding) async throws(Failure) -> Bool {
        try await run(
            .finish,
            ["worker": worker] + lease.arguments + [
                "outcome": ending.failure == nil ? "done" : "failed",
                "code": ending.failure?.code.rawValue ?? "",
                "message": ending.failure?.message ?? "",
                "cause": ending.failure?.cause ?? "",
                "retention": jobRetention.argument,
                "cleanup_ms": ending.cleanupDelay.map { String($0.milliseconds) } ?? "",
                "is_pm_fault": ending.penalizesPM ? 1 : 0,
                "job_floor": numbersSeen.job,
            ],
            more: ending.writes.arguments
        )
    }
}
