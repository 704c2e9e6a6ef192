import NIOHTTP1
import Testing

@testable import APIGateway

@Suite("What is said of a request that is not HTTP")
struct RefusalTests {
    /// What only those who write parsers know.
    private static let jargon = ["parser", "swift", "state", "token", "constant", "strict", "error"]

    @Test(
        "It is said in words of HTTP, not of the parser",
        arguments: [
            "GET / HTTP/9.9\r\nHost: h\r\n\r\n", "G@T / HTTP/1.1\r\nHost: h\r\n\r\n", "\u{1}\u{2}\r\n\r\n",
            "GET / HTTP/1.1\r\nHo st: h\r\n\r\n", "GET /\u{7F} HTTP/1.1\r\nHost: h\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: h\n\rX\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n", "GET / XTTP/1.1\r\nHost: h\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "{}\r\n\r\n",
        ]
    )
    func heads(text: String) throws {
        let connection = try TestConnection()
        try connection.send(text)
        let answer = try connection.received()
        let reason = try #require(answer.split(whereSeparator: \.isNewline).first { $0.hasPrefix("X-HVC-Reason:") })
        #expect(answer.hasPrefix("HTTP/1.1 400 "), "\(answer)")
        for word in Self.jargon { #expect(!reason.lowercased().contains(word), "\(reason)") }
    }

    @Test("Whatever the parser finds")
    func all() {
        let errors: [HTTPParserError] = [
            .invalidCharactersUsed, .trailingGarbage, .invalidEOFState, .closedConnection, .invalidVersion,
            .invalidStatus,
            .invalidMethod, .invalidURL, .lfExpected, .invalidHeaderToken, .invalidContentLength,
            .unexpectedContentLength, .invalidChunkSize, .invalidConstant, .invalidInternalState, .strictModeAssertion,
            .paused, .unknown,
        ]
        for error in errors {
            let reason = Refusal(error).reason
            for word in Self.jargon { #expect(!reason.lowercased().contains(word), "\(error): \(reason)") }
        }
    }
}
