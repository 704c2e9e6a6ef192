import HTTPTypes
import Hummingbird

/// Takes in a request's body up to a small limit, so that none costs memory.
struct BodyLimit: RouterMiddleware {
    typealias Context = GatewayContext

    static let bytes = 64 << 10

    @concurrent
    func handle(
        _ request: Request,
        context: GatewayContext,
        next: @concurrent (Request, GatewayContext) async throws -> Response
    ) async throws -> Response {
        guard request.method != .get else { return try await next(request, context) }
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > Self.bytes {
            throw HTTPError(.contentTooLarge)
        }
        var request = request
        _ = try await request.collectBody(upTo: Self.bytes)
        return try await next(request, context)
    }
}
