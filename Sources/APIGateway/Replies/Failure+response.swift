import Hummingbird
import Model

extension Failure {
    /// The answer to a request that no call of ours took: a problem document under `/v1/`, else the original `0`.
    ///
    /// - Parameters:
    ///   - request: the request.
    ///   - context: what goes with it.
    /// - Returns: the answer.
    func response(to request: Request, _ context: GatewayContext) -> Response {
        request.uri.path.hasPrefix("/v1/")
            ? Problem(self, request: context.requestID).response : Reply(failure: self, body: "0").response
    }
}
