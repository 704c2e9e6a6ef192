import Hummingbird
import Model

/// What those who run the gateway ask it.
struct HealthController: Sendable {
    let readiness: ReadinessCheck

    /// `/healthz`: 200 while the process answers.
    @Sendable
    func alive(_ request: Request, _ context: GatewayContext) -> Response {
        PlainResponse("{\"status\":\"ok\"}").response
    }

    /// `/readyz`: 200 while what is accepted is kept and done, which takes Redis and a worker; else 503 with the reason.
    ///
    /// Anybody may ask, so it says nothing of where Redis is.
    @Sendable
    func ready(_ request: Request, _ context: GatewayContext) async -> Response {
        let state = await readiness.state()
        let body = "{\"status\":\"\(state.rawValue)\"}"
        guard let code = state.failureCode else { return PlainResponse(body).response }
        return PlainResponse(failure: Failure(code, "\(state.rawValue): the gateway's log has more"), body: body)
            .response
    }
}

extension ReadinessCheck.State {
    fileprivate var failureCode: FailureCode? {
        switch self {
        case .ready: nil
        case .redisSilent, .redisRefusesWrites: .storeUnavailable
        case .noWorker: .noWorker
        }
    }
}
