package import Model
import RedisClient

/// What waits in the queues, and what else there is of jobs.
package struct QueueStatus: Hashable, Sendable {
    /// What waits in one queue.
    package struct Waiting: Hashable, Sendable {
        package let depth: Int
        /// The job that is next; nil where none waits, or the next entry is none of ours.
        package let next: JobID?
        /// For how long the next one has waited since it was accepted; nil where that is not known.
        package let age: Duration?
    }

    /// Of the queue of jobs that are to take capacity.
    package let capacity: Waiting
    /// Of the queue of all other jobs.
    package let direct: Waiting
    /// Of the creates that wait for room.
    package let room: Waiting
    /// How many jobs workers hold.
    package let running: Int
    /// How many jobs were put off.
    package let deferred: Int
    /// How many entries the dead-letter list has.
    package let dead: Int
}

extension Store {
    /// What waits in the queues, in two round trips.
    package func queueStatus() async throws(Failure) -> QueueStatus {
        let replies = try await pipeline([
            ["LLEN", keys.queue], ["ZCARD", keys.returned], ["LLEN", keys.direct], ["ZCARD", keys.leases],
            ["ZCARD", keys.delayed], ["LLEN", keys.dead], ["LINDEX", keys.queue, "-1"],
            ["ZRANGE", keys.returned, "0", "0"], ["LINDEX", keys.direct, "-1"], ["TIME"],
            ["ZCARD", keys.roomWaiters], ["ZRANGE", keys.roomWaiters, "0", "0"],
        ])
        // Those that came back have lower numbers than those that did not, but for one that was put there by hand.
        let taking = [replies[6], replies[7].array?.first].compactMap { $0?.string.flatMap(Self.job) }.min()
        let direct = replies[8].string.flatMap(Self.job)
        let waiting = replies[11].array?.first?.string.flatMap { JobID($0) }
        let ages = try await ages(of: [taking, direct, waiting], at: replies[9].milliseconds)
        func count(_ index: Int) -> Int { replies[index].int ?? 0 }
        return QueueStatus(
            capacity: QueueStatus.Waiting(depth: count(0) + count(1), next: taking, age: ages[0]),
            direct: QueueStatus.Waiting(depth: count(2), next: direct, age: ages[1]),
            room: QueueStatus.Waiting(depth: count(10), next: waiting, age: ages[2]),
            running: count(3),
            deferred: count(4),
            dead: count(5)
        )
    }

    /// The job of an entry, which begins with its number.
    private static func job(in entry: String) -> JobID? {
        let start = "{\"job\":"
        guard entry.hasPrefix(start) else { return nil }
        return JobID(String(entry.dropFirst(start.count).prefix { $0.isNumber }))
    }

    private func ages(of jobs: [JobID?], at now: Int?) async throws(Failure) -> [Duration?] {
        let times = try await pipeline(jobs.compactMap(\.self).map { ["HGET", keys.job($0), "accepted_at"] })
        var rest = times[...]
        return jobs.map { job in
            guard job != nil, let accepted = rest.popFirst()?.string.flatMap(RecordTime.milliseconds), let now else {
                return nil
            }
            return .milliseconds(max(now - accepted, 0))
        }
    }
}

/// A job that a worker holds.
package struct RunningJob: Hashable, Sendable {
    package let job: JobID
    package let kind: Job.Kind
    package let vm: VMID
    package let pm: PMID?
    package let worker: String
    /// The step at which it is; nil before the first.
    package let step: String?
    package let startedAt: String?
}

extension Store {
    /// The jobs that workers hold, those whose leases end first, in two round trips.
    package func runningJobs(atMost limit: Int) async throws(Failure) -> [RunningJob] {
        let ids: [JobID] = try await send(["ZRANGE", keys.leases, "0", limit - 1]).identifiers()
        let names = ["state", "kind", "vm", "pm", "worker", "step", "started_at"]
        let replies = try await pipeline(
            ids.map { RedisCommand("HMGET", arguments: ([keys.job($0)] + names).map(\.redisArgument)) }
        )
        var found: [RunningJob] = []
        for (id, reply) in zip(ids, replies) {
            let fields = RecordFields(names, reply.array ?? [], key: keys.job(id))
            // One may have ended since.
            guard fields["state"] == Job.State.running.rawValue else { continue }
            found.append(
                RunningJob(
                    job: id,
                    kind: try fields.needed("kind") { Job.Kind(rawValue: $0) },
                    vm: try fields.needed("vm") { VMID($0) },
                    pm: try fields.value("pm") { PMID($0) },
                    worker: try fields.text("worker"),
                    step: fields["step"],
                    startedAt: fields["started_at"]
                )
            )
        }
        return found
    }
}
