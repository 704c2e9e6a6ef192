import HTTPTypes
import Hummingbird
import Model

/// Asks for the token where one is set (RFC 6750).
struct Authorization: RouterMiddleware {
    typealias Context = GatewayContext

    /// The token; empty for none.
    let token: String
    /// The paths that anybody may call.
    let open: Set<String>

    @concurrent
    func handle(
        _ request: Request,
        context: GatewayContext,
        next: @concurrent (Request, GatewayContext) async throws -> Response
    ) async throws -> Response {
        guard !token.isEmpty, !open.contains(request.uri.path) else { return try await next(request, context) }
        let scheme = "Bearer "
        guard let sent = request.headers[.authorization], sent.hasPrefix(scheme),
            Self.isEqual(sent.dropFirst(scheme.count).utf8, token.utf8)
        else {
            let failure = Failure(.unauthorized, "send the header Authorization: Bearer TOKEN")
            var response = failure.response(to: request, context)
            response.headers[.wwwAuthenticate] = "Bearer"
            return response
        }
        return try await next(request, context)
    }

    /// Compares in a time that tells nothing of where they differ.
    private static func isEqual(_ left: Substring.UTF8View, _ right: String.UTF8View) -> Bool {
        let (left, right) = (Array(left), Array(right))
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(into: UInt8(0)) { $0 |= $1.0 ^ $1.1 } == 0
    }
}
