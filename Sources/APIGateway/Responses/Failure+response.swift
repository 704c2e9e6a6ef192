import API
import Hummingbird
import Model

extension Failure {
    /// No call of ours has this method and path.
    static func unknownCall(_ request: Request) -> Failure {
        Failure(.unknownCall, "there is no call \(request.method) \(request.uri.path.prefix(80))")
    }

    /// The answer to a request that no call of ours took: under `/v1/` a problem document, for any other path `0`, as the
    /// legacy API has it.
    func response(to request: Request, _ context: GatewayContext) -> Response {
        request.uri.path.hasPrefix("/v1/")
            ? Problem(self, request: context.requestID).response(for: self)
            : PlainResponse(failure: self, body: "0").response
    }
}
