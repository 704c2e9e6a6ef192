import Hummingbird

/// An answer to HEAD has no body, whatever it says (RFC 9110, 9.3.2): a client would take it for the next answer.
struct HeadWithoutBody: RouterMiddleware {
    typealias Context = GatewayContext

    @concurrent
    func handle(
        _ request: Request,
        context: GatewayContext,
        next: @concurrent (Request, GatewayContext) async throws -> Response
    ) async throws -> Response {
        let response = try await next(request, context)
        return request.method == .head ? response.createHeadResponse() : response
    }
}
