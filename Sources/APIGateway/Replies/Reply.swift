import HTTPTypes
import Hummingbird
import Model
import NIOCore

/// An answer of the original API: a status, a line of JSON, and for a failure its reason in a header.
struct Reply {
    let status: HTTPResponse.Status
    let json: String
    let failure: Failure?

    init(_ json: String, status: HTTPResponse.Status = .ok) {
        self.status = status
        self.json = json
        failure = nil
    }

    init(failure: Failure, body: String) {
        status = failure.code.httpStatus
        json = body
        self.failure = failure
    }

    var response: Response {
        var headers: HTTPFields = [.contentType: "application/json"]
        if let failure {
            headers[.reasonCode] = failure.code.rawValue
            headers[.reason] = Self.headerText(failure.message + (failure.cause.map { " (\($0))" } ?? ""))
            if status == .serviceUnavailable { headers[.retryAfter] = "2" }
        }
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: json)))
    }

    /// Printable ASCII of a bounded length: a header holds no line ends, and nothing that a request sent can make one.
    private static func headerText(_ text: String) -> String {
        String(text.unicodeScalars.prefix(500).map { (0x20...0x7E).contains($0.value) ? Character($0) : "?" })
    }
}
