package import Model
import RedisClient

/// Whether what is accepted is kept and done.
package struct StoreHealth: Sendable {
    /// Why Redis takes no writes; nil where it takes them.
    package let refusal: Failure?
    /// The worker with the latest heartbeat; nil where there was none within a day.
    package let worker: WorkerSign?

    /// True where the records are of another schema than these programs write.
    package let hasOtherSchema: Bool

    /// A worker's last sign of life.
    package struct WorkerSign: Sendable {
        /// How long ago it was, by the clock of Redis.
        package let age: Duration
        /// The worker's lease; nil where it does not say.
        package let lease: Duration?
    }
}

extension Store {
    /// Asks whether Redis takes writes, and for the latest heartbeat of a worker.
    ///
    /// - Parameter limit: how long to wait for each answer.
    /// - Returns: the answers.
    /// - Throws: `Failure` where Redis does not answer.
    package func health(within limit: Duration) async throws(Failure) -> StoreHealth {
        let results = try await failing(at: "health") {
            try await redis.pipeline(
                [
                    // Redis refuses it as any other write, and it changes nothing: no member of the set has this name.
                    ["ZREM", keys.workers, ""], ["ZREVRANGE", keys.workers, "0", "0", "WITHSCORES"],
                    ["TIME"], ["GET", keys.schema], ["HEXISTS", keys.counters, "began_at"],
                ],
                timeout: limit
            )
        }
        let replies = try await failing(at: "health") { try results.dropFirst().map { try $0.get() } }
        var refusal: Failure?
        do throws(Failure) { _ = try await failing(at: "health") { try results[0].get() } } catch { refusal = error }
        return StoreHealth(
            refusal: refusal,
            worker: try await sign(replies[0], time: replies[1], within: limit),
            // An empty Redis has none.
            hasOtherSchema: (replies[2].int ?? 0) != RecordSchema.current
                && (replies[2].int != nil || replies[3].int == 1)
        )
    }

    private func sign(
        _ newest: RESPValue,
        time: RESPValue,
        within limit: Duration
    ) async throws(Failure) -> StoreHealth.WorkerSign? {
        guard let name = newest.array?.first?.string, let seen = newest.array?.last?.string.flatMap(Double.init),
            let seconds = time.array?.first?.string.flatMap(Double.init)
        else { return nil }
        let lease = try await failing(at: "health") {
            try await redis.send(["HGET", keys.worker(name), "lease_ms"], timeout: limit).string.flatMap(Int.init)
        }
        let age = Duration.seconds(seconds) - .milliseconds(Int(seen))
        return StoreHealth.WorkerSign(age: max(age, .zero), lease: lease.map { .milliseconds($0) })
    }
}
