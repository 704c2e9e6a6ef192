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
    /// The cause of a failure that is for the log alone: `RequestLog` takes it out of the answer.
    static let cause = Self("X-HVC-Cause")
    /// From where a browser was made to send a request.
    static let fetchSite = Self("Sec-Fetch-Site")
    /// How the caller would have the request dealt with (RFC 7240).
    static let prefer = Self("Prefer")
    /// Names the request in logs and jobs.
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
        if failure.code == .unauthorized { self[.wwwAuthenticate] = "Bearer" }
    }

    /// Printable ASCII of a bounded length: a header holds no line ends, and nothing that a request sent can make one.
    private static func text(_ text: String) -> String {
        String(text.unicodeScalars.prefix(500).map { (0x20...0x7E).contains($0.value) ? Character($0) : "?" })
    }

    /// A field under a name of our own; HTTPTypes checks names when they are made and so gives them as optionals.
    subscript(name: HTTPField.Name?) -> String? {
        get { name.flatMap { self[$0] } }
        set { if let name { self[name] = newValue } }
    }
}
