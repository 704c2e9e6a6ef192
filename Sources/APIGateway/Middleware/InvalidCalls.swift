import API
import HTTPTypes
import Hummingbird
import Logging
import Model
import NIOCore

/// Answers requests that no call of ours took: `0` with the reason in a header, as the legacy API has it, and under `/v1/` a
/// problem document.
enum InvalidCalls {
    /// The answer to a request that failed before its handler was called, or with an error that no handler throws.
    static func answer(to error: any Error, _ request: Request, _ context: GatewayContext) -> Response {
        if case let error as HTTPError = error, error.status == .notFound, let methods = methods(of: request.uri.path) {
            return refusal(methods, request, context)
        }
        return failure(for: error, request, context).response(to: request, context)
    }

    /// The methods that a path takes; nil if there is no such path.
    private static func methods(of path: String) -> [String]? {
        let calls = Endpoints.all.filter { $0.path.matches(path) }
        // `/v1/tokens/self` is no `/v1/tokens/{id}`.
        let exact = calls.filter(\.path.parameters.isEmpty)
        let methods = (exact.isEmpty ? calls : exact).flatMap(\.methods).map(\.rawValue)
        return methods.isEmpty ? nil : methods
    }

    /// The path takes other methods: the answer names them (RFC 9110, 15.5.6).
    private static func refusal(_ methods: [String], _ request: Request, _ context: GatewayContext) -> Response {
        let names = methods.joined(separator: request.uri.path.hasPrefix("/v1/") ? ", " : " or ")
        let failure = Failure(.methodNotAllowed, "this call takes \(names)")
        var response = failure.response(to: request, context)
        response.headers[.allow] = methods.joined(separator: ", ")
        return response
    }

    private static func failure(for error: any Error, _ request: Request, _ context: GatewayContext) -> Failure {
        switch error {
        case let failure as Failure: return failure
        case let error as HTTPError where error.status == .notFound: return .unknownCall(request)
        // A body of unknown length turned out to be too long.
        case let error as HTTPError where error.status == .contentTooLarge: return .bodyTooLarge(request)
        case is NIOTooManyBytesError: return .bodyTooLarge(request)
        default:
            context.logger.error(
                "a request failed",
                metadata: ["error": "\(error)", "request": "\(context.requestID)"]
            )
            return Failure(.internalFault, "the gateway failed: its log has request \(context.requestID)")
        }
    }
}
