import Foundation
import RedisClient
import TestKit
import Testing

/// Commands that the server holds back until something happens.
@Suite struct BlockingTests {
    @Test func `a blocking call delays nobody`() async throws {
        let server = try await RedisServer.started()
        try await withClient(server.configuration) { redis in
            let popped = Task { try await redis.send(["BLPOP", "list", 20]) }
            try await eventuallyBlocked(redis, 1)
            // All of these would wait for 20 s behind the blocked call if they shared its connection.
            for number in 0..<50 {
                try await #expect(redis.send(["ECHO", number]).int == number)
            }
            _ = try await redis.send(["RPUSH", "list", "element"])
            try await #expect(popped.value.strings == ["list", "element"])
        }
    }

    @Test func `each concurrent blocking call has a connection of its own, used again when idle`() async throws {
        let server = try await RedisServer.started()
        try await withClient(server.configuration) { redis in
            for _ in 0..<3 {
                try await withThrowingTaskGroup(of: Int?.self) { group in
                    for number in 0..<8 {
                        group.addTask {
                            try await redis.send(["BLMOVE", "in:\(number)", "out", "LEFT", "RIGHT", 20]).int
                        }
                    }
                    try await eventuallyBlocked(redis, 8)
                    for number in 0..<8 {
                        _ = try await redis.send(["RPUSH", "in:\(number)", number])
                    }
                    var seen: [Int] = []
                    for try await number in group { seen.append(number ?? -1) }
                    #expect(seen.sorted() == Array(0..<8))
                }
            }
            let clients = try await redis.send(["CLIENT", "LIST"]).string ?? ""
            #expect(clients.split(separator: "\n").count == 9)
        }
    }

    @Test func `a block time that ends is a null, and not a timeout of the client`() async throws {
        let server = try await RedisServer.started()
        try await withClient(server.configuration.with(\.commandTimeout, .seconds(1))) { redis in
            _ = try await redis.send(["RPUSH", "list", 1], timeout: .seconds(10))
            _ = try await redis.send(["BLPOP", "list", 0.2], timeout: .seconds(10))
            try await #expect(redis.send(["BLPOP", "none", 1.5]) == .null)
            try await #expect(redis.send(["XREAD", "BLOCK", 1500, "STREAMS", "none", "$"]) == .null)
        }
    }

    @Test func `a server that does not come back within block time and margin is a timeout`() async throws {
        let server = try await RedisServer.started()
        try await withClient(server.configuration.with(\.commandTimeout, .milliseconds(300))) { redis in
            _ = try await redis.send(["RPUSH", "list", 1], timeout: .seconds(10))
            _ = try await redis.send(["BLPOP", "list", 0.2], timeout: .seconds(10))
            server.process?.signal(SIGSTOP)
            let start = ContinuousClock.now
            await expectError(.timeout) { _ = try await redis.send(["BLPOP", "list", 0.2]) }
            #expect(ContinuousClock.now - start >= .milliseconds(500))
            server.process?.signal(SIGCONT)
        }
    }

    @Test func `a cancelled blocking call takes nothing from the list`() async throws {
        let server = try await RedisServer.started()
        try await withClient(server.configuration) { redis in
            for round in 0..<20 {
                let call = Task { try await redis.send(["BLPOP", "list", 30]) }
                try await eventuallyBlocked(redis, 1)
                call.cancel()
                await #expect(throws: CancellationError.self) { try await call.value }
                // The server may read the push before it sees that the other connection has ended.
                try await eventuallyBlocked(redis, 0)
                _ = try await redis.send(["RPUSH", "list", round])
                try await #expect(redis.send(["LPOP", "list"]).int == round)
            }
        }
    }

    @Test func `blocking calls end at once when the server dies, and work again when it is back`() async throws {
        let server = try await RedisServer.started()
        try await withClient(server.configuration.with(\.waitForConnection, .seconds(10))) { redis in
            let popped = Task { try await redis.send(["BLPOP", "list", 0]) }
            try await eventuallyBlocked(redis, 1)
            try await server.kill9()
            let error = await expectError(.connectionLost) { _ = try await popped.value }
            #expect(error?.wasSent == true)
            try await server.start()
            // The shared connection's end may be noticed by a call only.
            try await eventually("an answer") { try await redis.send(["PING"]).string == "PONG" }
            _ = try await redis.send(["RPUSH", "list", 1])
            try await #expect(redis.send(["BLPOP", "list", 5]).strings == ["list", "1"])
        }
    }

    @Test func `shutting down ends blocking calls`() async throws {
        let server = try await RedisServer.started()
        try await withClient(server.configuration) { redis in
            let popped = Task { try await redis.send(["BLPOP", "list", 0]) }
            try await eventuallyBlocked(redis, 1)
            await redis.shutdown()
            await expectError(.shutDown) { _ = try await popped.value }
            await expectError(.shutDown) { _ = try await redis.send(["BLPOP", "list", 0]) }
        }
    }

    private func eventuallyBlocked(_ redis: RedisClient, _ count: Int) async throws {
        try await eventually("\(count) blocked clients") {
            try await redis.send(["INFO", "clients"]).string?.contains("blocked_clients:\(count)\r\n") == true
        }
    }
}
