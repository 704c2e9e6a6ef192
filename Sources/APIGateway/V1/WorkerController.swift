import API
import Model
import Store

/// `/v1/workers`.
struct WorkerController: Sendable {
    let store: Store

    @Sendable
    func list(_ call: V1Call<NoBody>) async throws(Failure) -> V1Response<Page<WorkerResponse>> {
        let request = try call.page()
        let page = try await store.workers(after: request.position, limit: request.limit)
        return try V1Response(page, of: call) { WorkerResponse($0) }
    }
}

extension WorkerResponse {
    fileprivate init(_ worker: WorkerStatus) {
        let fields = worker.fields
        self.init(
            name: worker.name,
            isAlive: worker.isAlive,
            seenAt: Timestamp.text(milliseconds: worker.seen),
            startedAt: fields["started_at"],
            host: fields["host"],
            pid: fields["pid"].flatMap { Int($0) },
            instance: fields["instance"],
            jobs: fields["jobs"].flatMap { Int($0) },
            leaseSeconds: fields["lease_ms"].flatMap { Double($0) }.map { $0 / 1000 },
            policy: fields["policy"]
        )
    }
}
