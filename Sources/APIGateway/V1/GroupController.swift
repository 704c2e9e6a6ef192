import API
import Model
import Store

/// `/v1/groups`.
struct GroupController: Sendable {
    let store: Store

    @Sendable
    func list(_ call: V1Call<NoBody>) async throws(Failure) -> V1Response<Page<GroupResponse>> {
        let request = try call.page()
        let page = try await store.groups(after: request.position, limit: request.limit)
        return try V1Response(page, of: call) { group in
            GroupResponse(name: group.name, rule: group.rule, members: group.members, placed: group.placed)
        }
    }
}
