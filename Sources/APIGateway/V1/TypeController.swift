import API
import Model
import Store

/// `/v1/types`.
struct TypeController: Sendable {
    let store: Store

    @Sendable
    func list(_ call: V1Call<NoBody>) async throws(Failure) -> V1Response<Page<TypeResponse>> {
        let request = try call.page()
        let page = try await store.types(after: try request.identifier(), limit: request.limit)
        return try V1Response(page, of: call) { TypeResponse($0) }
    }

    @Sendable
    func read(_ call: V1Call<NoBody>) async throws(Failure) -> V1Response<TypeResponse> {
        let id: TypeID = try call.identifier()
        guard let type = try await store.listedType(id) else {
            throw Failure(.unknownType, "there is no type \(id): /v1/types lists them")
        }
        return try V1Response(object: TypeResponse(type), for: call)
    }
}
