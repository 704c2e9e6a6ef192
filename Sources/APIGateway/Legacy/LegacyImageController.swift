import Model
import Store

/// The image call of the legacy API.
struct LegacyImageController: Sendable {
    let store: Store

    /// `/image/list`: `{"images":[{"id":I,"name":…},…]}`.
    @Sendable
    func list(_ arguments: QueryArguments, _ context: GatewayContext) async throws(Failure) -> PlainResponse {
        let images = try await store.images().map { "{\"id\":\($0.id),\"name\":\(JSONText.quoted($0.name))}" }
        return PlainResponse("{\"images\":[\(images.joined(separator: ","))]}")
    }
}
