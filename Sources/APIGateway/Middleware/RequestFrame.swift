import HTTPTypes
import Hummingbird
import Model
import Telemetry

/// Does what every call needs: gives the request an id, checks it, reads its body, answers and logs it.
///
/// This is one middleware rather than several, since the frames of a middleware stay in memory for as long as a request waits
/// for its answer.
struct RequestFrame: RouterMiddleware {
    typealias Context = GatewayContext

    let log: RequestLog
    let loopbackHost: LoopbackHost
    let authorization: Authorization
    let rateLimit: RateLimit
    let bodies: BodyLimit

    @concurrent
    func handle(
        _ request: Request,
        context: GatewayContext,
        next: @concurrent (Request, GatewayContext) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        var context = context
        context.requestID = RequestLog.identifier(sent: request.headers[.requestID])
        // Of two headers nobody knows which one is meant.
        let headers = request.headers.values(of: .traceParent)
        if headers.count == 1 { context.trace = TraceContext(headers[0]) }
        let response: Response
        do {
            context.caller = try await admit(request)
            response = try await answerTraced(to: request, context, next)
        } catch {
            response = InvalidCalls.answer(to: error, request, context)
        }
        guard let wait = context.remainingWait.take() else { return finished(response, request, context, start) }
        return context.remainingWait.leave { [context] in finished(await wait.run(), request, context, start) }
    }

    private func finished(
        _ response: Response,
        _ request: Request,
        _ context: GatewayContext,
        _ start: ContinuousClock.Instant
    ) -> Response {
        // An answer to HEAD has no body, whatever it says: a client would take it for the next answer (RFC 9110, 9.3.2).
        var response = request.method == .head ? response.createHeadResponse() : response
        log.finish(&response, to: request, context, since: start)
        return response
    }

    /// Checks a request by its head.
    ///
    /// - Returns: who makes it; nil for a path that anybody may call.
    private func admit(_ request: Request) async throws(Failure) -> Caller? {
        try loopbackHost.check(request)
        try SameSite.check(request)
        guard let caller = try await authorization.caller(of: request) else { return nil }
        try rateLimit.take(caller)
        return caller
    }

    /// What is accepted for the request notes its trace.
    private func answerTraced(
        to request: Request,
        _ context: GatewayContext,
        _ next: @concurrent (Request, GatewayContext) async throws -> Response
    ) async throws -> Response {
        guard let trace = context.trace else { return try await answer(to: request, context, next) }
        return try await TraceContext.$current.withValue(trace) { try await answer(to: request, context, next) }
    }

    /// Separate from `handle`: a frame larger than a slab of the task's stack costs an allocation for each request.
    private func answer(
        to request: Request,
        _ context: GatewayContext,
        _ next: @concurrent (Request, GatewayContext) async throws -> Response
    ) async throws -> Response {
        // After what refuses by the head alone: nobody who is refused has a body kept for them.
        let share = try bodies.take(for: request)
        guard share > 0 else { return try await next(request, context) }
        defer { bodies.give(share) }
        return try await next(bodies.collect(request, context), context)
    }
}
