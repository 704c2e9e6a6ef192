import API
import Model
import Store

/// `/v1/networks`.
struct NetworkController: Sendable {
    let store: Store

    @Sendable
    func list(_ call: V1Call<NoBody>) async throws(Failure) -> V1Response<Page<NetworkResponse>> {
        let request = try call.page()
        let behind = try await store.networks().filter { $0.name > request.position ?? "" }
        let page = RecordPage(
            records: Array(behind.prefix(request.limit)),
            next: behind.count > request.limit ? behind[request.limit - 1].name : nil,
            events: try await store.lastEvent().description
        )
        return try V1Response(page, of: call) { NetworkResponse(name: $0.name, network: $0.network) }
    }
}
