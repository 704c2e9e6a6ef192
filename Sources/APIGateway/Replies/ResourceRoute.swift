import HTTPTypes
import Hummingbird
import Model

/// An answer of a resource-style call.
struct ResourceReply {
    var response: Response

    /// An answer with a value.
    ///
    /// - Parameters:
    ///   - value: the value.
    ///   - status: the status.
    ///   - location: where to look on.
    /// - Throws: `Failure` where the value cannot be written as JSON.
    init(_ value: some Encodable, status: HTTPResponse.Status = .ok, location: String? = nil) throws(Failure) {
        var headers: HTTPFields = [.contentType: "application/json"]
        if let location { headers[.location] = location }
        response = Response(
            status: status,
            headers: headers,
            body: ResponseBody(byteBuffer: try JSONBody.bytes(value))
        )
    }

    /// An answer with a problem document.
    ///
    /// - Parameter problem: the document.
    init(_ problem: Problem) {
        response = problem.response
    }
}

extension Router where Context == GatewayContext {
    /// What does the work of a resource-style call.
    typealias ResourceHandler = @Sendable (Request, GatewayContext) async throws(Failure) -> ResourceReply

    /// Adds the resource-style calls of a path, whose failures are problem documents; methods that are not among them are
    /// refused with the list of those that are (RFC 9110, 15.5.6).
    ///
    /// - Parameters:
    ///   - path: their path.
    ///   - arguments: what their query may say. All else is refused: `DELETE …?dry_run=true` must not delete.
    ///   - calls: what does the work, by method.
    func resource(
        _ path: RouterPath,
        arguments: [String] = [],
        _ calls: KeyValuePairs<HTTPRequest.Method, ResourceHandler>
    ) {
        for (method, handler) in calls {
            on(path, method: method) { request, context in
                do throws(Failure) {
                    try context.refuseUnknownVerb(of: request)
                    try QueryArguments(query: request.uri.query ?? "").allow(arguments)
                    return try await handler(request, context).response
                } catch {
                    return Problem(error, request: context.requestID).response
                }
            }
        }
        let allowed = calls.map(\.key)
        let list = allowed.map(\.rawValue).joined(separator: ", ")
        for method in [HTTPRequest.Method.get, .post, .put, .delete, .patch, .head, .options]
        where !allowed.contains(method) {
            on(path, method: method) { request, context in
                do throws(Failure) {
                    try context.refuseUnknownVerb(of: request)
                } catch {
                    return Problem(error, request: context.requestID).response
                }
                let failure = Failure(.methodNotAllowed, "this call takes \(list)")
                var response = Problem(failure, request: context.requestID).response
                response.headers[.allow] = list
                return response
            }
        }
    }
}

extension GatewayContext {
    /// A number of ours in the path.
    ///
    /// - Parameter name: the parameter's name.
    /// - Returns: the number.
    /// - Throws: `Failure` with `invalidRequest`.
    func identifier<Entity>(_ name: String = "id") throws(Failure) -> Identifier<Entity> {
        let text = parameters.get(name) ?? ""
        guard let identifier = Identifier<Entity>(text) else {
            throw Failure(.invalidRequest, "'\(text.prefix(40))' in the path is no number from 1 to \(1 << 53)")
        }
        return identifier
    }

    /// Refuses `/v1/pms/1:dance`, which else would be taken for the PM `1:dance`.
    fileprivate func refuseUnknownVerb(of request: Request) throws(Failure) {
        if parameters.contains(where: { $0.value.contains(":") }) { throw .unknownCall(request) }
    }
}

extension Request {
    /// Whether the caller does not want to wait for the outcome (RFC 7240, `Prefer: respond-async`).
    var prefersNotToWait: Bool {
        headers[.prefer]?.lowercased().contains("respond-async") ?? false
    }
}
