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
        } catch let failure as Failure {
            return failure.response(to: request, context)
        } catch let error as HTTPError where error.status == .notFound {
            return Failure.unknownCall(request).response(to: request, context)
        } catch let error as HTTPError where error.status == .contentTooLarge {
            return Self.tooLarge.response(to: request, context)
        } catch is NIOTooManyBytesError {
            // A body of unknown length turned out to be too long.
            return Self.tooLarge.response(to: request, context)
        } catch {
            context.logger.error(
                "a request failed",
                metadata: ["error": "\(error)", "request": "\(context.requestID)"]
            )
            let failure = Failure(.internalFault, "the gateway failed: its log has request \(context.requestID)")
            return failure.response(to: request, context)
        }
    }

    private static let tooLarge = Failure(
        .requestTooLarge,
        "the request's body is larger than \(BodyLimit.bytes >> 10) KiB, which is all that a call takes"
    )
}
