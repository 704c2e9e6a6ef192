import Bootstrap
import HTTPTypes
import Hummingbird
import Logging
import Telemetry

/// Gives each request an id, writes its line of the access log, and counts it.
struct RequestLog {
    let logger: Logger
    /// Removes tokens from what is logged.
    let secrets: SecretFilter
    let metrics: RequestMetrics
    let format: LogFormat

    /// Adds the request's id to the answer, writes the line, counts the request, and removes from the answer what is for
    /// the log alone.
    ///
    /// - Parameters:
    ///   - response: the answer.
    ///   - request: the request.
    ///   - context: the context in which it was answered.
    ///   - start: when it came.
    func finish(
        _ response: inout Response,
        to request: Request,
        _ context: GatewayContext,
        since start: ContinuousClock.Instant
    ) {
        let id = context.requestID
        response.headers[.requestID] = id
        let elapsed = ContinuousClock.now - start
        let parts = elapsed.components
        let microseconds = parts.seconds * 1_000_000 + parts.attoseconds / 1_000_000_000_000
        metrics.note(request.method, route: context.route, status: response.status.code, elapsed: elapsed)
        let target = secrets.shown(path: request.uri.path, query: request.uri.query ?? "")
        var facts = [("request", id)]
        if let trace = context.trace { facts.append(("trace", trace.traceID)) }
        if !target.query.isEmpty { facts.append(("query", target.query)) }
        if let reason = response.headers[.reason], !target.isSecret { facts.append(("reason", reason)) }
        if let cause = response.headers[.cause] {
            facts.append(("cause", cause))
            response.headers[.cause] = nil
        }
        switch format {
        case .text:
            // One text rather than metadata, which costs as much as all else that the gateway does for a query.
            var line = "\(request.method.rawValue) \(target.path) status=\(response.status.code) us=\(microseconds)"
            for (name, value) in facts { line += " \(name)=" + LogText.quoted(value) }
            logger.info("\(secrets.shown(line: line))")
        case .json:
            facts += [
                ("method", request.method.rawValue), ("path", target.path), ("status", "\(response.status.code)"),
                ("us", "\(microseconds)"),
            ]
            facts += context.subject
            if let job = response.headers[.job] { facts.append(("job", job)) }
            let pairs = facts.map { ($0.0, Logger.MetadataValue.string(secrets.shown(line: $0.1))) }
            logger.info("a request was answered", metadata: Dictionary(pairs) { first, _ in first })
        }
    }

    /// The caller's own id if it is a plain word of at most 64 characters, otherwise a new one.
    static func identifier(sent: String?) -> String {
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
