import HTTPTypes
import Hummingbird
import Model

/// Takes in a request's body: up to a small limit, and for all requests together no more than there is memory for.
struct BodyLimit: RouterMiddleware {
    typealias Context = GatewayContext

    static let bytes = 64 << 10

    let budget: BodyBudget
    /// The paths whose calls take no body and may be called by anybody: theirs is not read.
    let bodiless: Set<String>

    @concurrent
    func handle(
        _ request: Request,
        context: GatewayContext,
        next: @concurrent (Request, GatewayContext) async throws -> Response
    ) async throws -> Response {
        let share = request.bodyLength ?? Self.bytes
        guard share > 0, !bodiless.contains(request.uri.path) else { return try await next(request, context) }
        guard share <= Self.bytes else { throw HTTPError(.contentTooLarge) }
        guard budget.take(share) else {
            throw Failure(.overloaded, "the bodies of other requests take all memory for them: try again soon")
        }
        defer { budget.give(share) }
        if request.headers[.expect] != nil { context.channel.triggerUserOutboundEvent(BodyWanted(), promise: nil) }
        var request = request
        _ = try await request.collectBody(upTo: Self.bytes)
        return try await next(request, context)
    }
}

extension Request {
    /// How long the body is by the head: 0 without one, nil where only its end will tell.
    fileprivate var bodyLength: Int? {
        if let length = headers[.contentLength] { return Int(length) }
        return headers[.transferEncoding] == nil ? 0 : nil
    }
}
