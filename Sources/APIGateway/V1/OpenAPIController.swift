import API
import Bootstrap
import HTTPTypes
import Hummingbird
import Model
import NIOCore

/// `/openapi.json`: the description of all calls.
struct OpenAPIController: Sendable {
    private let document: ByteBuffer

    init() throws(Failure) {
        document = try JSONBody.bytes(OpenAPIDocument.json(version: Program.version))
    }

    @Sendable
    func read(_ request: Request, _ context: GatewayContext) -> Response {
        Response(
            status: .ok,
            headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: document)
        )
    }
}
