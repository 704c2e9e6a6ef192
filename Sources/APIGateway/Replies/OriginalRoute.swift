import HTTPTypes
import Hummingbird
import Model

extension Router where Context == GatewayContext {
    /// Adds a call of the original API: GET and POST with query arguments; every other method is refused.
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
        refuseMethods(of: path, but: [.get, .post])
    }

    /// Adds a call for those who run the gateway, which takes GET alone.
    ///
    /// - Parameters:
    ///   - path: the call's path.
    ///   - handler: what answers.
    func health(_ path: RouterPath, _ handler: @escaping @Sendable (Request, GatewayContext) async -> Response) {
        get(path, use: handler)
        refuseMethods(of: path, but: [.get])
    }

    private func refuseMethods(of path: RouterPath, but allowed: [HTTPRequest.Method]) {
        let names = allowed.map(\.rawValue)
        for method in [HTTPRequest.Method.get, .post, .put, .delete, .patch, .head, .options]
        where !allowed.contains(method) {
            on(path, method: method) { _, _ in
                let failure = Failure(.methodNotAllowed, "this call takes \(names.joined(separator: " or "))")
                var response = Reply(failure: failure, body: "0").response
                response.headers[.allow] = names.joined(separator: ", ")
                return response
            }
        }
    }
}
