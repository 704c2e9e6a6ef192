import API
import Model
import Store

/// `/v1/images`.
struct ImageController: Sendable {
    let store: Store

    @Sendable
    func list(_ call: V1Call<NoBody>) async throws(Failure) -> V1Response<Page<ImageResponse>> {
        let request = try call.page()
        let page = try await store.images(after: try request.identifier(), limit: request.limit)
        return try V1Response(page, of: call) { ImageResponse($0.registration, of: $0.id) }
    }

    @Sendable
    func read(_ call: V1Call<NoBody>) async throws(Failure) -> V1Response<ImageResponse> {
        let id = try await call.image(in: store)
        guard let registration = try await store.listedImage(id) else { throw .unknownImage(id) }
        return try V1Response(object: ImageResponse(registration, of: id), for: call)
    }
}

extension ImageResponse {
    fileprivate init(_ registration: ImageRegistration, of id: ImageID) {
        self.init(
            id: id,
            name: registration.name,
            state: registration.state,
            reason: registration.reason.isEmpty ? nil : registration.reason,
            format: registration.facts?.format,
            fileBytes: registration.facts.map { Int($0.fileBytes) },
            diskBytes: registration.facts.map { Int($0.diskBytes) },
            loginUser: registration.loginUser
        )
    }
}
