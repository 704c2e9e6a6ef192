import NIOCore
import Testing

@testable import RedisClient

/// Replies: from bytes to values, and what can be read from values.
@Suite struct ReplyTests {
    @Test func `every type, cut anywhere`() throws {
        let bytes =
            Array("+OK\r\n-ERR no\r\n:-42\r\n$5\r\nhello\r\n$0\r\n\r\n$-1\r\n*-1\r\n*0\r\n".utf8)
            + Array("*3\r\n:1\r\n*2\r\n$1\r\na\r\n*1\r\n$-1\r\n+x\r\n$2\r\n".utf8) + [0xFF, 0xFE, 13, 10]
        let expected: [RESPValue] = [
            .simpleString("OK"), .error("ERR no"), .integer(-42), .bulkString("hello"), .bulkString(""), .null, .null,
            .array([]), .array([.integer(1), .array([.bulkString("a"), .array([.null])]), .simpleString("x")]),
            .bulkBytes([0xFF, 0xFE]),
        ]
        for cut in 0...bytes.count {
            #expect(try parse([Array(bytes[..<cut]), Array(bytes[cut...])]) == expected)
        }
        #expect(try parse(bytes.map { [$0] }) == expected)
    }

    @Test func `random replies come out as they went in, in pieces of any size`() throws {
        for _ in 0..<200 {
            let replies = (0..<Int.random(in: 1...20)).map { _ in random(depth: 0) }
            var bytes = replies.flatMap(encoded)
            var pieces: [[UInt8]] = []
            while !bytes.isEmpty {
                let count = min(bytes.count, Int.random(in: 1...5000))
                pieces.append(Array(bytes.prefix(count)))
                bytes.removeFirst(count)
            }
            #expect(try parse(pieces) == replies)
        }
    }

    @Test func `conveniences`() {
        let list = RESPValue.array([.bulkString("a"), .integer(1), .bulkString("b"), .bulkBytes([0xFF])])
        #expect(list.map == ["a": "1", "b": "\u{FFFD}"])
        #expect(list.pairs?.map(\.value) == [.integer(1), .bulkBytes([0xFF])])
        #expect(list.strings == ["a", "1", "b", "\u{FFFD}"])
        #expect(list.array?.count == 4)
        #expect(RESPValue.array([.bulkString("a")]).map == nil)
        #expect(RESPValue.array([.bulkString("a"), .null]).map == nil)
        #expect(RESPValue.array([.null]).strings == nil)
        #expect(RESPValue.bulkString("12").int == 12)
        #expect(RESPValue.bulkString("1x").int == nil)
        #expect(RESPValue.integer(7).string == "7")
        #expect(RESPValue.null.string == nil)
        #expect(RESPValue.null.isNull)
        #expect(RESPValue.simpleString("OK").bytes == [79, 75])
        #expect(RESPValue.error("BUSY wait").redisError?.code == .busy)
        #expect(RESPValue.integer(1).redisError == nil)
    }

    @Test func `an error says what callers need`() {
        let lost = RedisError(.connectionLost, "gone", cause: CancellationError(), wasSent: true)
        #expect(lost.unsent.code == .notConnected)
        #expect(!lost.unsent.wasSent)
        #expect(RedisError(.protocolViolation, "garbage", wasSent: true).unsent.code == .notConnected)
        #expect(RedisError(.shutDown, "over", wasSent: true).unsent.code == .shutDown)
        #expect(lost.description == "redis connectionLost: gone (cause: CancellationError())")
        for code in RedisError.Code.allCases {
            let error = RedisError(code, "x")
            #expect(!(error.isRetriable && error.needsAttention), "\(code)")
        }
    }

    private func parse(_ pieces: [[UInt8]]) throws -> [RESPValue] {
        let parser = try #require(ReplyParser())
        var replies: [RESPValue] = []
        for piece in pieces {
            try parser.parse(ByteBuffer(bytes: piece)) { replies.append($0) }
        }
        return replies
    }

    private func random(depth: Int) -> RESPValue {
        switch Int.random(in: 0..<(depth < 6 ? 7 : 6)) {
        case 0: .simpleString(["OK", "", "QUEUED"].randomElement() ?? "")
        case 1: .error("ERR \(Int.random(in: 0...9))")
        case 2: .integer(.random(in: .min ... .max))
        case 3: .bulkString(String(repeating: "é\r\n", count: [0, 1, 5, 6000].randomElement() ?? 0))
        case 4: .bulkBytes([0xC0] + (0..<Int.random(in: 0...300)).map { _ in .random(in: 0...255) })
        case 5: .null
        default: .array((0..<Int.random(in: 0...6)).map { _ in random(depth: depth + 1) })
        }
    }

    private func encoded(_ value: RESPValue) -> [UInt8] {
        switch value {
        case .simpleString(let text): Array("+\(text)\r\n".utf8)
        case .error(let text): Array("-\(text)\r\n".utf8)
        case .integer(let number): Array(":\(number)\r\n".utf8)
        case .bulkString(let text): Array("$\(text.utf8.count)\r\n\(text)\r\n".utf8)
        case .bulkBytes(let bytes): Array("$\(bytes.count)\r\n".utf8) + bytes + [13, 10]
        case .null: Array("$-1\r\n".utf8)
        case .array(let elements): Array("*\(elements.count)\r\n".utf8) + elements.flatMap(encoded)
        }
    }
}
