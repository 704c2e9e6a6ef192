import Hummingbird
import Model

/// The health calls.
struct HealthController: Sendable {
    let readiness: ReadinessCheck

    /// `/healthz`: 200 while the process answers.
    @Sendable
    func alive(_ request: Request, _ context: GatewayContext) -> Response {
        PlainResponse("{\"status\":\"ok\"}").response
    }

    /// `/readyz`: 200 while accepted jobs are stored and done, which takes Redis and a worker; otherwise 503 with the reason.
    ///
    /// It needs no token, so it does not say where Redis is.
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
        case .otherSchema: .notReady
        case .noWorker: .noWorker
        }
    }
}
