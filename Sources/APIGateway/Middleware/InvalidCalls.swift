import HTTPTypes
import Hummingbird
import Logging
import Model
import NIOCore

/// Every call that is none of ours answers `0`, as the original wish has it, and says why in a header; under `/v1/` with a
/// problem document.
struct InvalidCalls: RouterMiddleware {
    typealias Context = GatewayContext

    @concurrent
    func handle(
        _ request: Request,
        context: GatewayContext,
        next: @concurrent (Request, GatewayContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            return Self.answer(to: error, request, context)
        }
    }

    /// Apart from `handle`, whose frame stays in memory for as long as a request waits for its answer.
    @inline(never)
    private static func answer(to error: any Error, _ request: Request, _ context: GatewayContext) -> Response {
        failure(for: error, request, context).response(to: request, context)
    }

    private static func failure(for error: any Error, _ request: Request, _ context: GatewayContext) -> Failure {
        switch error {
        case let failure as Failure: return failure
        case let error as HTTPError where error.status == .notFound: return .unknownCall(request)
        case let error as HTTPError where error.status == .contentTooLarge: return tooLarge
        // A body of unknown length turned out to be too long.
        case is NIOTooManyBytesError: return tooLarge
        default:
            context.logger.error(
                "a request failed",
                metadata: ["error": "\(error)", "request": "\(context.requestID)"]
            )
            return Failure(.internalFault, "the gateway failed: its log has request \(context.requestID)")
        }
    }

    private static let tooLarge = Failure(
        .requestTooLarge,
        "the request's body is larger than \(BodyLimit.bytes >> 10) KiB, which is all that a call takes"
    )
}
