import Model
import Store

/// The original image call, on the wire.
struct ImageController: Sendable {
    let store: Store

    /// `/image/list`: `{"images":[{"id":I,"name":…},…]}`.
    @Sendable
    func list(_ arguments: QueryArguments, _ context: GatewayContext) async throws(Failure) -> Reply {
        try arguments.allow()
        let images = try await store.images().map { "{\"id\":\($0.id),\"name\":\(JSONText.quoted($0.name))}" }
        return Reply("{\"images\":[\(images.joined(separator: ","))]}")
    }
}
