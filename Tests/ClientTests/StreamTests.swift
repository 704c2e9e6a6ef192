import Client
import Synchronization
import TestKit
import Testing

@Suite("Answers that are handed on as they come")
struct StreamTests {
    /// What was handed on, and what the call ended with.
    private func stream(
        _ bytes: String,
        most: Int = .max
    ) async throws -> (pieces: [String], answer: HTTPResponse?, error: ClientError?) {
        let server = try await CannedServer(bytes)
        let pieces = Mutex<[String]>([])
        var answer: HTTPResponse?
        var failure: ClientError?
        do throws(ClientError) {
            answer = try await HTTPClient(base: server.base).stream(.init("GET", "/x"), within: .seconds(20)) {
                head,
                bytes in
                pieces.withLock { pieces in
                    // The first one has the head alone.
                    pieces.append(bytes.isEmpty ? "head \(head.status)" : String(decoding: bytes, as: UTF8.self))
                    return pieces.count < most
                }
            }
        } catch {
            failure = error
        }
        try await server.stop()
        return (pieces.withLock { $0 }, answer, failure)
    }

    @Test(
        "The head comes first, then the bytes, whatever says where they end",
        arguments: [
            "Content-Length: 5\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
            "\r\nhello",
        ]
    )
    func handedOn(rest: String) async throws {
        let result = try await stream("HTTP/1.1 200 OK\r\n" + rest)
        #expect(result.pieces.first == "head 200" && result.pieces.dropFirst().joined() == "hello", "\(result)")
        #expect(result.answer?.status == 200 && result.answer?.body.isEmpty == true && result.error == nil)
    }

    @Test("A refusal is not handed on, and its body is there")
    func refusal() async throws {
        let result = try await stream("HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno")
        #expect(result.pieces.isEmpty && result.answer?.status == 404 && result.answer?.text == "no", "\(result)")
    }

    @Test("A body that ends before its end is a failure, behind the bytes that came")
    func cut() async throws {
        let result = try await stream("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello")
        #expect(
            result.pieces == ["head 200", "hello"] && result.error == .malformed("it ends before its end"),
            "\(result)"
        )
    }

    @Test("The call ends when no more is wanted")
    func ended() async throws {
        let result = try await stream(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n",
            most: 2
        )
        #expect(result.pieces == ["head 200", "he"] && result.error == nil, "\(result)")
    }
}
