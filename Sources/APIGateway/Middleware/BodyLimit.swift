import API
import HTTPTypes
import Hummingbird
import Model

/// Reads a request's body, with a limit for each body and one for all bodies together.
struct BodyLimit {
    /// The limits of the calls that take larger bodies than others, by their paths.
    private static let larger = Dictionary(
        Endpoints.all.filter { $0.bodyLimit > EndpointDescription.usualBodyLimit }
            .map { ($0.path.description, $0.bodyLimit) },
        uniquingKeysWith: max
    )

    /// The most bytes of a request's body.
    static func bytes(of request: Request) -> Int { larger[request.uri.path] ?? EndpointDescription.usualBodyLimit }

    let budget: BodyBudget
    /// The paths that need no token and take no body: a body sent to them is not read.
    let bodiless: Set<String>

    /// Reserves a request's share of the memory for bodies, to be released later.
    ///
    /// - Returns: the bytes reserved; 0 if no body is to be read.
    /// - Throws: `Failure` with `requestTooLarge` or `overloaded`.
    func take(for request: Request) throws(Failure) -> Int {
        let share = request.bodyLength ?? Self.bytes(of: request)
        guard share > 0, !bodiless.contains(request.uri.path) else { return 0 }
        guard share <= Self.bytes(of: request) else { throw .bodyTooLarge(request) }
        guard budget.take(share) else {
            throw Failure(.overloaded, "the bodies of other requests take all of the memory for bodies: try again soon")
        }
        return share
    }

    /// Releases a share.
    func give(_ share: Int) {
        budget.give(share)
    }

    /// Reads a request's body, whose share was reserved.
    ///
    /// - Parameters:
    ///   - request: the request.
    ///   - context: what goes with it.
    /// - Returns: the request with its body in memory.
    /// - Throws: `NIOTooManyBytesError`; what went wrong with the connection.
    func collect(_ request: Request, _ context: GatewayContext) async throws -> Request {
        if request.headers[.expect] != nil { context.connection.triggerUserOutboundEvent(BodyWanted(), promise: nil) }
        var request = request
        _ = try await request.collectBody(upTo: Self.bytes(of: request))
        return request
    }
}

extension Failure {
    /// A request's body is too large.
    static func bodyTooLarge(_ request: Request) -> Failure {
        Failure(
            .requestTooLarge,
            "the request's body is larger than \(BodyLimit.bytes(of: request) >> 10) KiB, which is the limit",
            pointer: ""
        )
    }
}

extension Request {
    /// The length of the body by the head: 0 without a body, nil if it is not known before its end.
    fileprivate var bodyLength: Int? {
        if let length = headers[.contentLength] { return Int(length) }
        return headers[.transferEncoding] == nil ? 0 : nil
    }
}
