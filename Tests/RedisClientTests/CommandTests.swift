import NIOCore
import Testing

@testable import RedisClient

/// Commands: their form on the wire, and how they must be carried.
@Suite struct CommandTests {
    @Test func `the form that Redis reads`() {
        #expect(wire(["PING"]) == "*1\r\n$4\r\nPING\r\n")
        #expect(wire(["SET", "k", ""]) == "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$0\r\n\r\n")
        #expect(wire(["X", "é", -12, 3.5]) == "*4\r\n$1\r\nX\r\n$2\r\né\r\n$3\r\n-12\r\n$3\r\n3.5\r\n")
        #expect(wire(RedisCommand("X", [UInt8]([13, 10, 0]))) == "*2\r\n$1\r\nX\r\n$3\r\n\r\n\0\r\n")
        let many = RedisCommand("DEL", arguments: (0..<120).map { .integer($0) })
        #expect(wire(many).hasPrefix("*121\r\n$3\r\nDEL\r\n$1\r\n0\r\n"))
        #expect(wire(many).hasSuffix("$3\r\n119\r\n"))
        #expect(wire(RedisCommand("L", String(repeating: "x", count: 1000))).hasPrefix("*2\r\n$1\r\nL\r\n$1000\r\nxxx"))
    }

    @Test(arguments: [0, 1, 9, 10, 99, 100, -1, -9, -10, Int.max, Int.min])
    func `numbers in digits`(number: Int) {
        let text = String(number)
        #expect(wire(["X", number]) == "*2\r\n$1\r\nX\r\n$\(text.utf8.count)\r\n\(text)\r\n")
        #expect(CommandEncoder.decimalLength(number) == text.utf8.count)
    }

    @Test func `the ways to write a command are equal`() {
        let literal: RedisCommand = ["HSET", "k", "f", 1]
        #expect(literal == RedisCommand("HSET", "k", "f", 1))
        #expect(literal == RedisCommand("HSET", arguments: [.string("k"), .string("f"), .integer(1)]))
        #expect(RedisCommand("GET", "abc".dropFirst()) == ["GET", "bc"])
    }

    private static let blocking: [(RedisCommand, Duration?)] = [
        (["BLPOP", "a", "b", 5], .seconds(5)), (["brpop", "a", 0.5], .milliseconds(500)), (["BLPOP", "a", 0], nil),
        (["BLMOVE", "a", "b", "LEFT", "RIGHT", "2"], .seconds(2)), (["BRPOPLPUSH", "a", "b", 1], .seconds(1)),
        (["BLMPOP", 3, 1, "a", "LEFT"], .seconds(3)), (["BZPOPMIN", "a", 4], .seconds(4)),
        (["BZMPOP", 3, 1, "a", "MIN"], .seconds(3)), (["WAIT", 1, 250], .milliseconds(250)), (["WAIT", 1, 0], nil),
        (["XREAD", "COUNT", 1, "BLOCK", 1500, "STREAMS", "s", "$"], .milliseconds(1500)),
        (["XREADGROUP", "GROUP", "g", "c", "block", 0, "STREAMS", "s", ">"], nil),
        (["BLPOP", "a", "junk"], .zero), (["BLPOP"], .zero), (["BLPOP", "a", -1], .zero),
        (["XREAD", "BLOCK"], .zero), (["BLPOP", "a", 1e300], .seconds(3_155_760_000)), (["BLPOP", "a", "nan"], .zero),
    ]

    @Test(arguments: blocking)
    func `commands that block know for how long`(command: RedisCommand, time: Duration?) {
        #expect(command.isBlocking)
        #expect(command.blockTime == time)
    }

    private static let plain: [RedisCommand] = [
        ["XREAD", "STREAMS", "BLOCK", "0"], ["XREAD", "COUNT", 2, "STREAMS", "s", "0"], ["LPOP", "a"],
        ["GET", "BLPOP"],
        ["BITCOUNT", "a"], ["WAITX", 1], ["EVAL", "x", 0], ["HGETALL", "h"], [], ["CLIENT", "LIST"],
        ["SETEX", "a", 1, 2],
    ]

    @Test(arguments: plain)
    func `all others do not`(command: RedisCommand) {
        #expect(!command.isBlocking)
        #expect(command.kind == .plain)
    }

    @Test func `descriptions show no arguments`() {
        #expect(String(describing: RedisCommand("AUTH", "secret")) == "AUTH with 1 argument")
        #expect(String(describing: RedisCommand("SET", "k", "secret")) == "SET with 2 arguments")
    }

    private func wire(_ command: RedisCommand) -> String {
        var buffer = ByteBuffer(string: "before")
        CommandEncoder.encode(command, into: &buffer)
        let text = String(decoding: buffer.readableBytesView, as: UTF8.self)
        #expect(text.hasPrefix("before"))
        return String(text.dropFirst("before".count))
    }
}
