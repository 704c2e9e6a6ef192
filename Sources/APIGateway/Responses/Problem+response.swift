import API
import HTTPTypes
import Hummingbird
import Model
import NIOCore

extension Problem {
    /// The answer with the document about a failure, whose cause may be for the log alone.
    func response(for failure: Failure) -> Response {
        var headers: HTTPFields = [.contentType: "application/problem+json"]
        headers.add(failure)
        return Response(
            status: failure.code.httpStatus,
            headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(string: json + "\n"))
        )
    }
}
