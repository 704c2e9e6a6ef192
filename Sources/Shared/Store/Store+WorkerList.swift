package import Model
import RedisClient

/// A worker that was heard of within the last day.
package struct WorkerStatus: Hashable, Sendable {
    package let name: String
    /// Its last heartbeat, in ms since 1970 by the clock of Redis.
    package let seen: Int
    /// Whether that is younger than its lease.
    package let isAlive: Bool
    /// What it says of itself; empty where it has ended, or was silent for three leases.
    package let fields: [String: String]
}

extension Store {
    /// A page of the workers, by name.
    ///
    /// There are few: all names are read, and the records of those on the page.
    package func workers(after last: String?, limit: Int) async throws(Failure) -> RecordPage<WorkerStatus> {
        let replies = try await pipeline([
            ["XREVRANGE", keys.events, "+", "-", "COUNT", "1"], ["ZRANGE", keys.workers, "0", "-1", "WITHSCORES"],
            ["TIME"],
        ])
        guard let seen = replies[1].map, let now = replies[2].milliseconds else {
            throw unexpected(replies[1], from: "ZRANGE")
        }
        let names = seen.keys.filter { $0 > last ?? "" }.sorted()
        let page = Array(names.prefix(limit))
        let records = try await pipeline(page.map { ["HGETALL", keys.worker($0)] })
        var workers: [WorkerStatus] = []
        for (name, reply) in zip(page, records) {
            let fields = try reply.record(of: keys.worker(name)) ?? [:]
            let seen = seen[name].flatMap(Double.init).map { Int($0) } ?? 0
            let lease = fields["lease_ms"].flatMap { Int($0) } ?? 0
            workers.append(WorkerStatus(name: name, seen: seen, isAlive: now - seen <= lease, fields: fields))
        }
        return RecordPage(
            records: workers,
            next: names.count > page.count ? page.last : nil,
            events: replies[0].lastEvent
        )
    }
}
