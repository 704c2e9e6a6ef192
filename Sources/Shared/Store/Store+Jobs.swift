public import Model
import RedisClient

/// A worker's right to a job: the epoch grows each time the job changes hands.
public struct Lease: Hashable, Sendable {
    /// The job.
    public let job: JobID
    /// The epoch.
    public let epoch: Int

    /// Makes a lease.
    ///
    /// - Parameters:
    ///   - job: the job.
    ///   - epoch: the epoch.
    public init(job: JobID, epoch: Int) {
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
    public func renew(_ leases: [Lease], for duration: Duration) async throws(Failure) -> [JobID] {
        var arguments: [any RedisArgumentConvertible] = [duration.milliseconds]
        for lease in leases { arguments += [lease.job.value, lease.epoch] }
        let reply = try await run(.renew, keys: [keys.leases], arguments)
        return reply.array?.compactMap { $0.int.flatMap(JobID.init) } ?? []
    }

    /// Writes a job's outcome and frees or keeps what its VM holds.
    ///
    /// - Parameters:
    ///   - lease: the right to the job.
    ///   - worker: who holds it.
    ///   - failure: why it failed; nil where it did as asked.
    /// - Returns: false where the job is no longer the worker's, so that nothing was written.
    /// - Throws: `Failure`.
    public func finish(_ lease: Lease, by worker: String, failure: Failure?) async throws(Failure) -> Bool {
        let reply = try await run(
            .finish,
            keys: [keys.queue, keys.processing(worker), keys.leases],
            [
                lease.job.value, lease.epoch, failure == nil ? "done" : "failed", failure?.code.rawValue ?? "",
                failure?.message ?? "", failure?.cause ?? "", Int(jobRetention.components.seconds),
            ]
        )
        return reply.int == 1
    }

    /// Puts a job back to the front of the queue.
    ///
    /// - Parameters:
    ///   - lease: the right to the job.
    ///   - worker: who holds it.
    ///   - reason: why, for people.
    /// - Returns: false where the job is no longer the worker's.
    /// - Throws: `Failure`.
    public func handBack(_ lease: Lease, by worker: String, reason: String) async throws(Failure) -> Bool {
        let reply = try await run(
            .handBack,
            keys: [keys.queue, keys.processing(worker), keys.leases],
            [lease.job.value, lease.epoch, reason]
        )
        return reply.int == 1
    }

    /// Puts jobs whose lease ran out back to the front of the queue.
    ///
    /// - Parameter limit: how many at most.
    /// - Returns: the jobs.
    /// - Throws: `Failure`.
    public func recoverExpired(limit: Int = 100) async throws(Failure) -> [JobID] {
        let reply = try await run(.recover, keys: [keys.queue, keys.leases], [limit])
        return reply.array?.compactMap { $0.int.flatMap(JobID.init) } ?? []
    }

    /// Says that a worker lives; the record goes by itself where this stops.
    ///
    /// - Parameters:
    ///   - worker: its name.
    ///   - fields: what people may want to know of it.
    ///   - lifetime: how long the record stays without another word.
    /// - Throws: `Failure`.
    public func announce(worker: String, fields: [String: String], lifetime: Duration) async throws(Failure) {
        let pairs = fields.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
        _ = try await run(
            .announce,
            keys: [keys.worker(worker), keys.workers],
            [worker, lifetime.milliseconds] + pairs
        )
    }
}
