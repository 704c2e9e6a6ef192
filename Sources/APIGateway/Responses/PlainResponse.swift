import API
import HTTPTypes
import Hummingbird
import Model
import NIOCore

/// An answer that is written as text: a status, JSON, and for a failure its reason in headers.
struct PlainResponse {
    let status: HTTPResponse.Status
    let json: String
    let failure: Failure?
    /// The job that was accepted; nil where none was.
    var job: JobID?

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
        if let failure { headers.add(failure) }
        headers[.job] = job?.description
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: json)))
    }
}
