import HTTPTypes
import NIOHTTP1

/// Why a request is refused before it reaches the application: it does not conform to RFC 9110 and RFC 9112.
///
/// The connection ends with the refusal, since it is not certain where the next request begins.
struct Refusal: Error, Equatable {
    let status: HTTPResponse.Status
    let code: String
    let reason: String

    private init(_ status: HTTPResponse.Status, _ code: String, _ reason: String) {
        self.status = status
        self.code = code
        self.reason = reason
    }

    /// The request breaks a rule of the protocol; the reason says which.
    static func malformed(_ reason: String) -> Self { Self(.badRequest, "invalid_request", reason) }

    /// The request needs a part of HTTP that the gateway does not implement; the reason says which.
    static func notImplemented(_ reason: String) -> Self { Self(.notImplemented, "not_supported", reason) }

    static let expectation = Self(
        .expectationFailed,
        "not_supported",
        "the only expectation that can be met is 100-continue"
    )

    static let headTooLarge = Self(
        .requestHeaderFieldsTooLarge,
        "request_too_large",
        "the head is larger than 16 KiB, has a line of more than 8 KiB, or more than 100 fields"
    )

    static let headTooSlow = Self(.requestTimeout, "request_timeout", "the request's head did not come in time")

    /// A fault that the parser found.
    ///
    /// - Parameter error: what it says.
    init(_ error: any Error) {
        switch error {
        case HTTPParserError.headerOverflow: self = .headTooLarge
        case let error as HTTPParserError: self = .malformed(Self.reason(for: error))
        default: self = .malformed(Self.notWellFormed)
        }
    }

    private static let notWellFormed =
        "it is not well-formed (RFC 9112): a body has either a Content-Length or a Transfer-Encoding, a line one field"

    private static func reason(for error: HTTPParserError) -> String {
        switch error {
        case .invalidEOFState: "the connection ended within the request"
        case .invalidVersion: "the version after the target is none of HTTP's"
        case .invalidMethod: "it does not begin with a method of HTTP"
        case .invalidURL: "the target has characters that must be percent-encoded"
        case .invalidHeaderToken, .invalidCharactersUsed: "a field has characters that none may have"
        case .invalidContentLength: "the Content-Length is not a number"
        case .unexpectedContentLength: "a request has one length, this one has more"
        case .invalidChunkSize: "a part of the chunked body has no length"
        case .lfExpected: "a line does not end in CR LF"
        default: notWellFormed
        }
    }

    /// The head of the answer, whose body is the legacy API's `0`.
    var head: HTTPResponse {
        var fields: HTTPFields = [.contentLength: "1", .contentType: "application/json"]
        fields[.reasonCode] = code
        fields[.reason] = reason
        return HTTPResponse(status: status, headerFields: fields)
    }
}
