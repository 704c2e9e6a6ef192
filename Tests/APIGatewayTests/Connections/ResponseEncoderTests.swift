import HTTPTypes
import NIOCore
import Testing

@testable import APIGateway

@Suite("Answers as bytes of HTTP/1.1")
struct ResponseEncoderTests {
    private func encoded(
        _ status: HTTPResponse.Status,
        _ fields: HTTPFields,
        isLast: Bool = false,
        body: [String] = [],
        trailers: HTTPFields? = nil
    ) -> String {
        var encoder = ResponseEncoder()
        var buffer = ByteBuffer()
        encoder.write(HTTPResponse(status: status, headerFields: fields), isLast: isLast, to: &buffer)
        for part in body { encoder.write(body: ByteBuffer(string: part), to: &buffer) }
        encoder.write(end: trailers, to: &buffer)
        return String(buffer: buffer)
    }

    @Test("A body of known length comes as it is; the last answer says so, whatever the application said")
    func length() {
        let ok = "HTTP/1.1 200 OK\r\n"
        #expect(encoded(.ok, [.contentLength: "3"], body: ["a", "bc"]) == ok + "Content-Length: 3\r\n\r\nabc")
        let last = encoded(.ok, [.connection: "keep-alive", .contentLength: "1"], isLast: true, body: ["a"])
        #expect(last == ok + "Content-Length: 1\r\nConnection: close\r\n\r\na")
        #expect(encoded(.ok, [.contentLength: "7"]) == ok + "Content-Length: 7\r\n\r\n", "HEAD")
    }

    @Test("A body of unknown length comes in chunks, and an empty part does not end it")
    func chunks() {
        let text = encoded(.ok, [.contentType: "a/b"], body: ["a", "", "0123456789abcdef0"], trailers: [.eTag: "e"])
        #expect(
            text == "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "1\r\na\r\n11\r\n0123456789abcdef0\r\n0\r\nETag: e\r\n\r\n"
        )
    }

    @Test("Answers that have no body say nothing of one")
    func bodiless() {
        #expect(encoded(.noContent, [.contentLength: "0"]) == "HTTP/1.1 204 No Content\r\n\r\n")
        #expect(encoded(.notModified, [:]) == "HTTP/1.1 304 Not Modified\r\n\r\n")
    }
}
