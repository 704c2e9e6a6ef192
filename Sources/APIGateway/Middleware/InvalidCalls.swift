import HTTPTypes
import Hummingbird
import Logging
import Model
import NIOCore

/// Every call that is none of ours answers `0`, as the original wish has it, and says why in a header; under `/v1/` with a
/// problem document.
enum InvalidCalls {
    /// The answer to a request that failed before a call of ours took it, or in a way that none expects.
    static func answer(to error: any Error, _ request: Request, _ context: GatewayContext) -> Response {
        failure(for: error, request, context).response(to: request, context)
    }

    private static func failure(for error: any Error, _ request: Request, _ context: GatewayContext) -> Failure {
        switch error {
        case let failure as Failure: return failure
        case let error as HTTPError where error.status == .notFound: return .unknownCall(request)
        // A body of unknown length turned out to be too long.
        case let error as HTTPError where error.status == .contentTooLarge: return .bodyTooLarge
        case is NIOTooManyBytesError: return .bodyTooLarge
        default:
            context.logger.error(
                "a request failed",
                metadata: ["error": "\(error)", "request": "\(context.requestID)"]
            )
            return Failure(.internalFault, "the gateway failed: its log has request \(context.requestID)")
        }
    }
}
