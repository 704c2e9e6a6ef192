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
        var arguments: [any RedisArgumentConvertible] = [duration.milliseconds]
        for lease in leases { arguments += [lease.job.value, lease.epoch] }
        let reply = try await run(.renew, keys: [keys.leases], arguments)
        return reply.array?.compactMap { $0.int.flatMap(JobID.init) } ?? []
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
        let arguments: [any RedisArgumentConvertible] = [lease.job.value, lease.epoch, step.rawValue]
        let reply = try await run(.enter, keys: [], arguments + steps)
        switch reply.array?.first?.string {
        case "go": return .go(before: reply.array?.last?.string.flatMap(JobStep.init))
        case "closed": return .closed
        case "lost": return .lost
        default: throw unexpected(reply, from: "enter")
        }
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
        _ = try await run(.noteLeft, keys: [keys.job(lease.job)], [lease.epoch, String(text.prefix(8192))])
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
        let reply = try await run(
            .finish,
            keys: [keys.queue, keys.processing(worker), keys.leases],
            [
                lease.job.value, lease.epoch, failure == nil ? "done" : "failed", failure?.code.rawValue ?? "",
                failure?.message ?? "", failure?.cause ?? "", jobRetention.argument,
                delay.map { String($0.milliseconds) } ?? "", isMachineFault ? 1 : 0,
                numbersSeen.job,
            ]
        )
        return reply.int == 1
    }
}
