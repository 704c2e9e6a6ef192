import Logging
import RedisClient
import TestKit
import Testing

/// Calls over TCP and a unix socket, against a real server.
@Suite struct CallTests {
    @Test func `a value set over TCP is read over the unix socket`() async throws {
        let server = try await RedisServer.started()
        try await withClient(server.configuration) { tcp in
            try await withClient(server.socketConfiguration) { unix in
                try await #expect(tcp.send(["SET", "k", "v"]) == .simpleString("OK"))
                try await #expect(unix.send(["GET", "k"]) == .bulkString("v"))
            }
        }
    }

    @Test func `HGETALL reads as a dictionary and as pairs in the server's order`() async throws {
        let server = try await RedisServer.started()
        try await withClient(server.socketConfiguration) { redis in
            try await #expect(redis.send(["HSET", "h", "b", 2, "a", "one", "c", 3.5]) == .integer(3))
            let reply = try await redis.send(["HGETALL", "h"])
            #expect(reply.map == ["b": "2", "a": "one", "c": "3.5"])
            #expect(reply.pairs?.map(\.key) == ["b", "a", "c"])
            #expect(reply.pairs?.first?.value.int == 2)
            try await #expect(redis.send(["HGETALL", "none"]).map == [:])
        }
    }

    @Test func `1,000 concurrent callers each get their own reply`() async throws {
        let server = try await RedisServer.started()
        try await withClient(server.configuration) { redis in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for caller in 0..<1000 {
                    group.addTask {
                        for round in 0..<5 {
                            let text = "\(caller)/\(round)"
                            try await #expect(redis.send(["ECHO", text]).string == text)
                            try await #expect(redis.send(["INCR", "n:\(caller)"]).int == round + 1)
                        }
                    }
                }
                try await group.waitForAll()
            }
            let clients = try await redis.send(["CLIENT", "LIST"]).string ?? ""
            #expect(clients.split(separator: "\n").count == 1, "all callers share one connection")
        }
    }

    @Test func `values of any bytes come back as they were`() async throws {
        let server = try await RedisServer.started()
        let all = (0...255).map(UInt8.init)
        let values: [[UInt8]] = [
            [], [0], [13, 10], Array("$5\r\nhello\r\n".utf8), all, [0xFF, 0xFE], [0xC3], Array("e\u{301}é🂡".utf8),
        ]
        try await withClient(server.configuration) { redis in
            for value in values {
                _ = try await redis.send(["SET", value + [1], value])
                let reply = try await redis.send(["GET", value + [1]])
                #expect(reply.bytes == value)
                #expect(reply.string == String(decoding: value, as: UTF8.self))
            }
        }
    }

    @Test(arguments: [0, 1, 15, 16, 8191, 8192, 8193, 65_536, 8 << 20])
    func `a value of any size comes back whole`(size: Int) async throws {
        let server = try await RedisServer.started()
        let text = String(repeating: "0123456789abcdef", count: size / 16 + 1).prefix(size)
        try await withClient(server.socketConfiguration) { redis in
            _ = try await redis.send(["SET", "big", text])
            try await #expect(redis.send(["GET", "big"]) == .bulkString(String(text)))
            try await #expect(redis.send(["STRLEN", "big"]).int == size)
        }
    }

    @Test func `replies nest, and every type arrives`() async throws {
        let server = try await RedisServer.started()
        let lua =
            "return {1, 'two', {3, {4, {5, {}}}}, false, redis.status_reply('fine'), redis.error_reply('ERR bad')}"
        try await withClient(server.configuration) { redis in
            let reply = try await redis.send(["EVAL", lua, 0])
            #expect(
                reply
                    == .array([
                        .integer(1), .bulkString("two"),
                        .array([.integer(3), .array([.integer(4), .array([.integer(5), .array([])])])]),
                        .null, .simpleString("fine"), .error("ERR bad"),
                    ])
            )
        }
    }

    @Test func `numbers go out and come in over the whole range`() async throws {
        let server = try await RedisServer.started()
        try await withClient(server.configuration) { redis in
            for number in [0, 7, -7, 10, 99, 100, -1000, Int.max, Int.min, Int.max / 10] {
                _ = try await redis.send(["SET", "n", number])
                try await #expect(redis.send(["GET", "n"]).int == number)
                try await #expect(redis.send(["INCRBY", "n", 0]) == .integer(number))
            }
        }
    }
}
