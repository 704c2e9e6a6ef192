import HTTPTypes
import Hummingbird
import Logging
import Model
import NIOCore

/// Every call that is none of ours answers `0`, as the original wish has it, and says why in a header.
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
            return Reply(failure: failure, body: "0").response
        } catch let error as HTTPError where error.status == .notFound {
            let failure = Failure(.unknownCall, "there is no call \(request.method) \(request.uri.path.prefix(80))")
            return Reply(failure: failure, body: "0").response
        } catch let error as HTTPError where error.status == .contentTooLarge {
            return Self.tooLarge
        } catch is NIOTooManyBytesError {
            // A body of unknown length turned out to be too long.
            return Self.tooLarge
        } catch {
            context.logger.error(
                "a request failed",
                metadata: ["error": "\(error)", "request": "\(context.requestID)"]
            )
            let failure = Failure(.internalFault, "the gateway failed: its log has request \(context.requestID)")
            return Reply(failure: failure, body: "0").response
        }
    }

    private static var tooLarge: Response {
        let failure = Failure(.requestTooLarge, "the request's body is too large: calls take query arguments")
        return Reply(failure: failure, body: "0").response
    }
}
