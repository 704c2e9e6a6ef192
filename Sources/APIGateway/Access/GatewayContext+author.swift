import API
import Model
import Store

extension GatewayContext {
    /// Runs a handler of a call; what it changes is its caller's in the audit log.
    func audited<Answer: Sendable>(
        _ endpoint: EndpointDescription,
        by method: HTTPMethod,
        _ handler: () async throws(Failure) -> Answer
    ) async throws(Failure) -> Answer {
        guard let caller, endpoint.right > .viewer else { return try await handler() }
        let author = RequestAuthor(
            token: caller.token,
            name: caller.name,
            project: caller.project,
            route: "\(method.rawValue) \(endpoint.path)",
            request: requestID
        )
        let result: Result<Answer, Failure> = await RequestAuthor.$current.withValue(author) {
            do throws(Failure) { return .success(try await handler()) } catch { return .failure(error) }
        }
        return try result.get()
    }
}
