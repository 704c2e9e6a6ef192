import Hummingbird
import Model
import Store

/// What those who run the gateway ask it.
struct HealthController: Sendable {
    let store: Store

    /// `/healthz`: 200 while the process answers.
    @Sendable
    func alive(_ request: Request, _ context: GatewayContext) -> Response {
        Reply("{\"status\":\"ok\"}").response
    }

    /// `/readyz`: 200 while requests can be accepted, which takes Redis; else 503 with the reason.
    @Sendable
    func ready(_ request: Request, _ context: GatewayContext) async -> Response {
        do throws(Failure) {
            try await store.ping()
            return Reply("{\"status\":\"ready\"}").response
        } catch {
            return Reply(failure: error, body: "{\"status\":\"redis does not answer\"}").response
        }
    }
}
