import Client
import Foundation
import TestKit
import Testing

@Suite("The HTTP client")
struct HTTPClientTests {
    private func answer(
        _ bytes: String?,
        _ moment: CannedServer.Moment = .onRequest,
        _ request: HTTPClient.Request = .init("GET", "/x"),
        within limit: Duration = .seconds(20)
    ) async throws -> HTTPResponse {
        let server = try await CannedServer(bytes, moment)
        let result: Result<HTTPResponse, any Error>
        do { result = .success(try await HTTPClient(base: server.base).send(request, within: limit)) } catch {
            result = .failure(error)
        }
        try await server.stop()
        return try result.get()
    }

    @Test(
        "A body ends by its length, its chunks, or with the connection",
        arguments: [
            ("Content-Length: 5\r\n\r\nhello", "hello"), ("\r\nhello", "hello"), ("Content-Length: 0\r\n\r\n", ""),
            ("Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nTrailer: 1\r\n\r\n", "hello"),
            ("Content-Length: 5\r\n\r\nhello and more", "hello"),
        ]
    )
    func bodies(rest: String, body: String) async throws {
        let response = try await answer("HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a: 2\r\n" + rest)
        #expect(response.status == 200 && response.text == body && response["x-a"] == "1")
    }

    @Test("What is sent is what was given")
    func request() async throws {
        let request = HTTPClient.Request("PATCH", "/a//b/../%zz?q={}", fields: [("X-A", "1")], body: Array("body".utf8))
        let text = try await answer("HTTP/1.1 200 OK\r\n\r\n{request}", .onRequest, request).text
        #expect(text.hasPrefix("PATCH /a//b/../%zz?q={} HTTP/1.1\r\nHost: 127.0.0.1:"), "\(text)")
        #expect(text.contains("X-A: 1\r\n") && text.contains("Content-Length: 4\r\n"), "\(text)")
    }

    @Test("Answers that only say that another follows are passed over; HEAD has no body")
    func interim() async throws {
        let text =
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 1\r\n\r\n0"
        #expect(try await answer(text).status == 404)
        let head = try await answer("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", .onRequest, .init("HEAD", "/"))
        #expect(head.status == 200 && head.body.isEmpty)
    }

    @Test("An answer that comes before the end of the request is taken")
    func refusedEarly() async throws {
        let large = HTTPClient.Request("POST", "/", body: [UInt8](repeating: 0x41, count: 8 << 20))
        let response = try await answer("HTTP/1.1 413 No\r\nContent-Length: 1\r\n\r\n0", .onConnect, large)
        #expect(response.status == 413 && response.text == "0")
    }

    @Test(
        "What is no answer is reported as that",
        arguments: [
            "", "hello\r\n\r\n", "HTTP/1.1 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
            "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n",
        ]
    )
    func malformed(text: String) async throws {
        let error = await #expect(throws: ClientError.self) { _ = try await answer(text) }
        guard case .malformed = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("A server that says nothing is left at the deadline, or at once when the caller gives up")
    func silent() async throws {
        await #expect(throws: ClientError.timedOut) { _ = try await answer(nil, within: .milliseconds(100)) }
        let task = Task { try await answer(nil, within: .seconds(60)) }
        task.cancel()
        await #expect(throws: ClientError.cancelled) { _ = try await task.value }
    }

    @Test("Nobody listens there")
    func unreachable() async throws {
        let error = await #expect(throws: ClientError.self) {
            _ = try await HTTPClient(base: "http://127.0.0.1:1").send(.init("GET", "/"), within: .seconds(20))
        }
        #expect(error?.description.contains("127.0.0.1:1 cannot be reached") == true)
    }

    @Test(
        "Addresses",
        arguments: ["127.0.0.1:1", "ftp://a", "http://", "http://:80", "http://a:x", "http://a:70000"]
    )
    func badAddress(text: String) {
        #expect(throws: ClientError.badAddress(text)) { try HTTPClient(base: text) }
    }
}
