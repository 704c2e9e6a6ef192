import HTTPTypes
import Hummingbird
import Model

extension Router where Context == GatewayContext {
    /// Adds a call of the original API: GET and POST with query arguments; every other method is none of its calls.
    ///
    /// - Parameters:
    ///   - path: the call's path.
    ///   - body: what the call answers where it fails.
    ///   - handler: what does the work.
    func original(
        _ path: RouterPath,
        failing body: String,
        _ handler: @escaping @Sendable (QueryArguments, GatewayContext) async throws(Failure) -> Reply
    ) {
        let respond: @Sendable (Request, GatewayContext) async -> Response = { request, context in
            do throws(Failure) {
                return try await handler(try QueryArguments(query: request.uri.query ?? ""), context).response
            } catch {
                return Reply(failure: error, body: body).response
            }
        }
        for method in [HTTPRequest.Method.get, .post] { on(path, method: method, use: respond) }
        for method in [HTTPRequest.Method.put, .delete, .patch, .head, .options] {
            on(path, method: method) { _, _ in
                let failure = Failure(.methodNotAllowed, "this call takes GET or POST")
                var response = Reply(failure: failure, body: "0").response
                response.headers[.allow] = "GET, POST"
                return response
            }
        }
    }
}
