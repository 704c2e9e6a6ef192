import API
import Hummingbird
import Model

extension Router where Context == GatewayContext {
    /// Adds a call of the legacy API: its failures answer a fixed text.
    func legacy<Body>(
        _ endpoint: Endpoint<NoBody, Body>,
        _ handler: @escaping @Sendable (QueryArguments, GatewayContext) async throws(Failure) -> PlainResponse
    ) {
        legacy(endpoint) { (arguments, context) async throws(Failure) in
            Answer.ready(try await handler(arguments, context))
        }
    }

    /// Adds a call of the legacy API whose answer may have to wait.
    func legacy<Body>(
        _ endpoint: Endpoint<NoBody, Body>,
        _ handler: @escaping @Sendable (QueryArguments, GatewayContext) async throws(Failure) -> Answer<PlainResponse>
    ) {
        let call = endpoint.description
        let (parameters, failing) = (call.query, call.failing)
        for method in call.methods {
            on(RouterPath(call.path.description), method: method.http) { request, context in
                do throws(Failure) {
                    try context.checkRight(to: call)
                    let arguments = try QueryArguments(query: request.uri.query ?? "", of: parameters)
                    let answer = try await context.audited(call, by: method) { () async throws(Failure) in
                        try await handler(arguments, context)
                    }
                    return context.response(answer, \.response) { failure in
                        PlainResponse(failure: failure, body: failing).response
                    }
                } catch {
                    return PlainResponse(failure: error, body: failing).response
                }
            }
        }
    }

    /// Adds a call for those who run the gateway or write clients.
    func service<Answer>(
        _ endpoint: Endpoint<NoBody, Answer>,
        _ handler: @escaping @Sendable (Request, GatewayContext) async -> Response
    ) {
        let call = endpoint.description
        for method in call.methods {
            on(RouterPath(call.path.description), method: method.http) { request, context in
                do throws(Failure) { try context.checkRight(to: call) } catch {
                    return PlainResponse(failure: error, body: call.failing).response
                }
                return await handler(request, context)
            }
        }
    }
}

extension EndpointDescription {
    /// What stands in the body of a failure, unless that is a problem document.
    var failing: String {
        if case .legacy(let failing) = style { failing } else { "0" }
    }
}
