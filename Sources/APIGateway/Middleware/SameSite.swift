import HTTPTypes
import Hummingbird
import Model

/// Refuses what a page of another site makes a browser send: GET /vm/destroy as an image's address, say.
///
/// Browsers say so in `Sec-Fetch-Site` (W3C Fetch Metadata Request Headers) and, for older ones, in `Origin` (RFC 6454);
/// other clients send neither.
struct SameSite: RouterMiddleware {
    typealias Context = GatewayContext

    @concurrent
    func handle(
        _ request: Request,
        context: GatewayContext,
        next: @concurrent (Request, GatewayContext) async throws -> Response
    ) async throws -> Response {
        guard Self.isForeign(request) else { return try await next(request, context) }
        let failure = Failure(.crossSite, "a page of another site sent this: call the API from your own program")
        return failure.response(to: request, context)
    }

    private static func isForeign(_ request: Request) -> Bool {
        if let site = request.headers[.fetchSite] { return site != "none" && site != "same-origin" }
        guard let origin = request.headers[.origin] else { return false }
        let host = request.head.authority ?? ""
        return origin != "http://" + host && origin != "https://" + host
    }
}
