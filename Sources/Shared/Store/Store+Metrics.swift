package import Model
import RedisClient

/// A worker with the metrics that it published last.
package struct WorkerMetrics: Hashable, Sendable {
    package let name: String
    /// How many jobs it holds; nil where its record went.
    package let jobs: Int?
    /// What it published; nil where that went.
    package let published: String?
}

/// What the metric about a VM says of it.
package struct VMLabels: Hashable, Sendable {
    package let vm: VMID
    package let name: String
    package let pm: String
    package let type: String
    package let state: String
}

extension Store {
    /// How many workers are read at most, those heard of last.
    private static let mostWorkers = 500
    /// How many VMs are read at once, so that others are served in between.
    private static let page = 500

    /// Publishes what a worker counted, in one command (SET PX).
    package func publish(
        metrics: String,
        of worker: String,
        for lifetime: Duration
    ) async throws(Failure) {
        _ = try await send(["SET", keys.metrics(of: worker), metrics, "PX", lifetime.milliseconds])
    }

    /// The workers that are known, with what they published, in two round trips.
    package func workerMetrics() async throws(Failure) -> [WorkerMetrics] {
        let reply = try await send(["ZRANGE", keys.workers, "-\(Self.mostWorkers)", "-1"])
        let names = (reply.strings ?? []).sorted()
        guard !names.isEmpty else { return [] }
        let published = RedisCommand("MGET", arguments: names.map { keys.metrics(of: $0).redisArgument })
        let replies = try await pipeline([published] + names.map { ["HMGET", keys.worker($0), "seen_at", "jobs"] })
        return zip(names, zip(replies[0].array ?? [], replies.dropFirst())).map { name, values in
            let (published, record) = (values.0.string, values.1.array ?? [])
            let isAlive = record.first?.string != nil
            return WorkerMetrics(name: name, jobs: isAlive ? record.last?.int ?? 0 : nil, published: published)
        }
    }

    /// What is known of the first VMs by number, in pages.
    ///
    /// - Returns: the VMs, and how many there are beside them.
    package func vmLabels(atMost limit: Int) async throws(Failure) -> (vms: [VMLabels], omitted: Int) {
        let count = try await send(["ZCARD", keys.vms]).int ?? 0
        var found: [VMLabels] = []
        for start in stride(from: 0, to: min(count, limit), by: Self.page) {
            let end = min(start + Self.page, limit) - 1
            let ids: [VMID] = try await send(["ZRANGE", keys.vms, start, end]).identifiers()
            let records = try await pipeline(ids.map { ["HMGET", keys.vm($0), "name", "pm", "type", "state"] })
            for (id, record) in zip(ids, records) {
                guard let fields = record.array?.map({ $0.string ?? "" }), fields.count == 4, !fields[3].isEmpty else {
                    continue
                }
                found.append(VMLabels(vm: id, name: fields[0], pm: fields[1], type: fields[2], state: fields[3]))
            }
        }
        return (found, max(count - limit, 0))
    }

    /// How much memory Redis uses, and may use; 0 for as much as there is.
    package func memoryUse() async throws(Failure) -> (used: Int, limit: Int) {
        let reading = try await memory()
        return (reading.used, reading.limit)
    }
}
