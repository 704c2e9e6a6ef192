import Hummingbird
import Model

extension Failure {
    /// The cause as callers may know it; what Redis' client says names its address, path and user, which are for the log.
    var publicCause: String? {
        code == .storeUnavailable || code == .outcomeUnknown ? nil : cause
    }

    /// No call of ours has this method and path.
    ///
    /// - Parameter request: the request.
    /// - Returns: the failure.
    static func unknownCall(_ request: Request) -> Failure {
        Failure(.unknownCall, "there is no call \(request.method) \(request.uri.path.prefix(80))")
    }

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
