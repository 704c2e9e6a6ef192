package import Model
import RedisClient
import Telemetry

extension Store {
    /// What a job is about, where, and what it came from (HGETALL, HMGET in one round trip).
    package func subject(of entry: QueueEntry, at pm: PMID) async throws(Failure) -> JobSubject {
        let (vm, machine, image) = (keys.vm(entry.vm), keys.pm(pm), entry.image.map(keys.image))
        var commands: [RedisCommand] = [
            ["HGETALL", vm], ["HGETALL", machine], ["HMGET", keys.job(entry.job), "request", "traceparent"],
        ]
        if let image { commands.append(["HGETALL", image]) }
        let replies = try await pipeline(commands)
        let fields = replies[2].array?.map { $0.string.flatMap { $0.isEmpty ? nil : $0 } } ?? [nil, nil]
        let trace = fields.last.flatMap(\.self).flatMap(TraceContext.init)
        return JobSubject(
            status: try replies[0].record(of: vm).map { (record) throws(Failure) in
                try VMStatus(record: record, key: vm)
            },
            machine: try replies[1].record(of: machine).map { (record) throws(Failure) in
                try PhysicalMachine(record: record, key: machine)
            },
            image: try image.flatMap { (key) throws(Failure) in
                try replies[3].record(of: key).map { (record) throws(Failure) in
                    try ImageRegistration(record: record, key: key)
                }
            },
            origin: JobOrigin(request: fields.first.flatMap(\.self), trace: trace)
        )
    }
}
