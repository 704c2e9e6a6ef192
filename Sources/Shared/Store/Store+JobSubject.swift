package import Model
import RedisClient
import Telemetry

extension Store {
    /// What a job is about, and where it came from (HGETALL, HMGET in one round trip).
    package func subject(of job: JobID, on vm: VMID) async throws(Failure) -> JobSubject {
        let replies = try await pipeline([
            ["HGETALL", keys.vm(vm)], ["HMGET", keys.job(job), "request", "traceparent"],
        ])
        let status = try replies[0].record(of: keys.vm(vm)).map { record throws(Failure) in
            try VMStatus(record: record, key: keys.vm(vm))
        }
        let fields = replies[1].array?.map { $0.string.flatMap { $0.isEmpty ? nil : $0 } } ?? [nil, nil]
        let trace = fields.last.flatMap(\.self).flatMap(TraceContext.init)
        return JobSubject(status: status, origin: JobOrigin(request: fields.first.flatMap(\.self), trace: trace))
    }
}
