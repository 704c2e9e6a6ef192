import HTTPTypes
import Hummingbird
import Model

/// A failure as a problem document (RFC 9457), with its stable code.
struct Problem: Encodable {
    let type: String
    let title: String
    let status: Int
    let detail: String
    let code: String
    let cause: String?
    let jobID: JobID?
    let requestID: String
    private let failure: Failure

    private enum CodingKeys: String, CodingKey {
        case type, title, status, detail, code, cause
        case jobID = "job_id"
        case requestID = "request_id"
    }

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

    /// The answer.
    var response: Response {
        var headers: HTTPFields = [.contentType: "application/problem+json"]
        headers.add(failure)
        return Response(
            status: HTTPResponse.Status(code: status),
            headers: headers,
            body: ResponseBody(byteBuffer: JSONBody.bytes(self))
        )
    }
}
