import API
import HTTPTypes
import Model

extension HTTPField.Name {
    /// Why a call failed, in words.
    static let reason = Self("X-HVC-Reason")
    /// Why a call failed, as a stable code.
    static let reasonCode = Self("X-HVC-Code")
    /// The job that was accepted.
    static let job = Self("X-HVC-Job")
    /// A cause that is for the log alone: `RequestLog` removes it from the answer.
    static let cause = Self("X-HVC-Cause")
    /// Which site made a browser send the request.
    static let fetchSite = Self("Sec-Fetch-Site")
    /// The preferences of the caller (RFC 7240).
    static let prefer = Self("Prefer")
    /// The client's own key for the request.
    static let idempotencyKey = Self("Idempotency-Key")
    /// Whether a request with the same key was accepted before.
    static let idempotencyReplayed = Self("Idempotency-Replayed")
    /// The last event that a client has of a stream.
    static let lastEventID = Self("Last-Event-ID")
    /// The offset of the first byte of a console's that is sent.
    static let consoleOffset = Self("X-HVC-Console-Offset")
    /// The offset behind the last byte that the console had.
    static let consoleSize = Self("X-HVC-Console-Size")
    /// The VM's present run, or the last one, counted from 1.
    static let consoleBoot = Self("X-HVC-Console-Boot")
    /// Where the request stands in a trace of its caller (W3C Trace Context).
    static let traceParent = Self("traceparent")
    /// The id of the request in logs and jobs.
    static let requestID = Self("X-Request-Id")
}

extension HTTPFields {
    /// Adds why a call failed, for callers and for the log, and where it helps when to try again or what to send.
    ///
    /// - Parameter failure: why.
    mutating func add(_ failure: Failure) {
        self[.reasonCode] = failure.code.rawValue
        self[.reason] = Self.text(failure.message + (failure.publicCause.map { " (\($0))" } ?? ""))
        if failure.publicCause != failure.cause { self[.cause] = failure.cause.map(Self.text) }
        if failure.code.httpStatus == .serviceUnavailable { self[.retryAfter] = "2" }
        if failure.code == .rateLimited { self[.retryAfter] = "1" }
        if failure.code == .unauthorized { self[.wwwAuthenticate] = "Bearer" }
    }

    /// Printable ASCII of a bounded length, so that nothing that a request sent can end the header line.
    private static func text(_ text: String) -> String {
        String(text.unicodeScalars.prefix(500).map { (0x20...0x7E).contains($0.value) ? Character($0) : "?" })
    }

    /// A field with one of our own names, which HTTPTypes returns as optionals since it checks them.
    subscript(name: HTTPField.Name?) -> String? {
        get { name.flatMap { self[$0] } }
        set { if let name { self[name] = newValue } }
    }

    /// The values of all fields with one of our own names.
    func values(of name: HTTPField.Name?) -> [String] { name.map { self[values: $0] } ?? [] }
}
