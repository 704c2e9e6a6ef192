import API
import Model
import Store

/// `/v1/audit`.
struct AuditController: Sendable {
    let store: Store

    @Sendable
    func list(_ call: V1Call<NoBody>) async throws(Failure) -> V1Response<Page<AuditEntryResponse>> {
        let request = try call.page()
        let last = request.position.flatMap { EventID($0) }
        let page = try await store.auditEntries(before: last, limit: request.limit)
        return try V1Response(page, of: call) { entry in
            AuditEntryResponse(
                id: entry.id.description,
                at: Timestamp.text(milliseconds: Int(entry.id.milliseconds)),
                fields: Dictionary(entry.fields.map { ($0.name, $0.value) }) { first, _ in first }
            )
        }
    }
}
