import Bootstrap
import HTTPTypes
import Hummingbird
import Logging

/// Names each request and writes one line of the access log for it.
struct RequestLog: RouterMiddleware {
    typealias Context = GatewayContext

    let logger: Logger

    @concurrent
    func handle(
        _ request: Request,
        context: GatewayContext,
        next: @concurrent (Request, GatewayContext) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        var context = context
        context.requestID = Self.identifier(sent: request.headers[.requestID])
        var response = try await next(request, context)
        response.headers[.requestID] = context.requestID
        let elapsed = (ContinuousClock.now - start).components
        let microseconds = elapsed.seconds * 1_000_000 + elapsed.attoseconds / 1_000_000_000_000
        // One text rather than metadata, which costs as much as all else that the gateway does for a query.
        var line = "\(request.method.rawValue) \(request.uri.path) status=\(response.status.code) us=\(microseconds)"
        line += " request=\(context.requestID)"
        if let query = request.uri.query, !query.isEmpty { line += " query=" + LogText.quoted(query) }
        if let reason = response.headers[.reason] { line += " reason=" + LogText.quoted(reason) }
        logger.info("\(line)")
        return response
    }

    /// The caller's own id where it is a plain word of at most 64 characters, else a new one.
    private static func identifier(sent: String?) -> String {
        if let sent, (1...64).contains(sent.utf8.count), sent.utf8.allSatisfy(isPlain) { return sent }
        return String(UInt64.random(in: (1 << 60)...UInt64.max), radix: 16)
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}
