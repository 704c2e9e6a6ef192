import HTTPTypes
import Hummingbird
import Model

/// Takes in a request's body: up to a small limit, and for all requests together no more than there is memory for.
struct BodyLimit {
    static let bytes = 64 << 10

    let budget: BodyBudget
    /// The paths whose calls take no body and may be called by anybody: theirs is not read.
    let bodiless: Set<String>

    /// Takes a request's share of the memory for bodies, which must be given back.
    ///
    /// - Returns: how much; 0 where no body is to be read.
    /// - Throws: `Failure` with `requestTooLarge` or `overloaded`.
    func take(for request: Request) throws(Failure) -> Int {
        let share = request.bodyLength ?? Self.bytes
        guard share > 0, !bodiless.contains(request.uri.path) else { return 0 }
        guard share <= Self.bytes else { throw .bodyTooLarge }
        guard budget.take(share) else {
            throw Failure(.overloaded, "the bodies of other requests take all memory for them: try again soon")
        }
        return share
    }

    /// Gives a share back.
    func give(_ share: Int) {
        budget.give(share)
    }

    /// Reads a request's body, whose share was taken.
    ///
    /// - Parameters:
    ///   - request: the request.
    ///   - context: what goes with it.
    /// - Returns: the request with its body in memory.
    /// - Throws: `NIOTooManyBytesError`; what went wrong with the connection.
    func collect(_ request: Request, _ context: GatewayContext) async throws -> Request {
        if request.headers[.expect] != nil { context.connection.triggerUserOutboundEvent(BodyWanted(), promise: nil) }
        var request = request
        _ = try await request.collectBody(upTo: Self.bytes)
        return request
    }
}

extension Failure {
    /// A request's body is too large.
    static let bodyTooLarge = Failure(
        .requestTooLarge,
        "the request's body is larger than \(BodyLimit.bytes >> 10) KiB, which is all that a call takes"
    )
}

extension Request {
    /// How long the body is by the head: 0 without one, nil where only its end will tell.
    fileprivate var bodyLength: Int? {
        if let length = headers[.contentLength] { return Int(length) }
        return headers[.transferEncoding] == nil ? 0 : nil
    }
}
