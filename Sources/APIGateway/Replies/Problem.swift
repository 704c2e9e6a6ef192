import HTTPTypes
import Hummingbird
import Model
import NIOCore

/// A failure as a problem document (RFC 9457), with its stable code.
struct Problem {
    let type: String
    let title: String
    let status: Int
    let detail: String
    let code: String
    let cause: String?
    let jobID: JobID?
    let requestID: String
    private let failure: Failure

    /// A problem document.
    ///
    /// - Parameters:
    ///   - failure: what failed.
    ///   - job: the job that failed; nil where none was accepted.
    ///   - request: names the request.
    init(_ failure: Failure, job: JobID? = nil, request: String) {
        let words = failure.code.rawValue.replacing("_", with: " ")
        type = "urn:hypervisor-coordinator:problem:\(failure.code.rawValue)"
        title = words.prefix(1).uppercased() + words.dropFirst()
        status = failure.code.httpStatus.code
        detail = failure.message
        code = failure.code.rawValue
        cause = failure.publicCause.flatMap { $0.isEmpty ? nil : $0 }
        jobID = job
        requestID = request
        self.failure = failure
    }

    /// The document; written by hand, since the answer to whatever fails must not fail itself.
    private var json: String {
        var members = [
            "type": JSONText.quoted(type), "title": JSONText.quoted(title), "status": "\(status)",
            "detail": JSONText.quoted(detail), "code": JSONText.quoted(code), "request_id": JSONText.quoted(requestID),
        ]
        members["cause"] = cause.map(JSONText.quoted)
        members["job_id"] = jobID?.description
        return JSONText.object(members) { $0 }
    }

    /// The answer.
    var response: Response {
        var headers: HTTPFields = [.contentType: "application/problem+json"]
        headers.add(failure)
        return Response(
            status: failure.code.httpStatus,
            headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(string: json + "\n"))
        )
    }
}
