import Foundation
import Logging
import RedisClient
import TestKit
import Testing

/// Connections that end, and new ones.
@Suite struct ReconnectTests {
    private let clock = ContinuousClock()

    @Test func `kill -9 fails pending calls at once, and calls work again after a restart`() async throws {
        let server = try await RedisServer.started(.init(appendOnly: true))
        try await withClient(server.configuration.with(\.waitForConnection, .seconds(10))) { redis in
            _ = try await redis.send(["SET", "k", "kept"])
            server.process?.signal(SIGSTOP)
            async let outcomes = withTaskGroup(of: RedisError?.self) { group in
                for _ in 0..<100 {
                    group.addTask {
                        await expectError(.connectionLost) { _ = try await redis.send(["GET", "k"]) }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            try await eventually("all calls are sent") { redis.callsInFlight == 100 }
            let start = clock.now
            try await server.kill9()
            for error in await outcomes {
                #expect(error?.wasSent == true)
                #expect(error?.isRetriable == true)
            }
            #expect(clock.now - start < .seconds(2))
            try await server.start()
            try await #expect(redis.send(["GET", "k"]).string == "kept")
        }
    }

    @Test func `while the server is away a call fails at once where it may not wait`() async throws {
        let server = try await RedisServer.started()
        try await withClient(server.configuration.with(\.waitForConnection, .zero)) { redis in
            _ = try await redis.send(["PING"])
            try await server.kill9()
            try await eventually("the loss is noticed") { !redis.isConnected }
            let start = clock.now
            for _ in 0..<100 {
                let error = await expectError(.notConnected) { _ = try await redis.send(["PING"]) }
                #expect(error?.wasSent == false)
            }
            #expect(clock.now - start < .seconds(1))
            try await server.start()
            try await eventually("the server is found again") { try await redis.send(["PING"]).string == "PONG" }
        }
    }

    @Test func `a call waits for the connection no longer than configured, and not beyond its own limit`() async throws
    {
        let directory = try TemporaryDirectory()
        let nowhere = RedisConfiguration(endpoint: .unixSocket(path: directory.file("none.sock")))
        try await withClient(nowhere.with(\.waitForConnection, .seconds(2))) { redis in
            var start = clock.now
            let error = await expectError(.notConnected) { _ = try await redis.send(["PING"]) }
            #expect(error?.cause != nil)
            #expect(clock.now - start >= .seconds(1.9))
            start = clock.now
            await expectError(.notConnected) { _ = try await redis.send(["PING"], timeout: .milliseconds(100)) }
            #expect(clock.now - start < .seconds(1.9))
        }
    }

    @Test func `the first attempt is waited for even by those who do not wait`() async throws {
        let server = try await RedisServer.started()
        try await withClient(server.configuration.with(\.waitForConnection, .zero)) { redis in
            try await #expect(redis.send(["PING"]).string == "PONG")
        }
    }

    @Test func `a waiting call is cancelled at once`() async throws {
        let nowhere = RedisConfiguration(endpoint: .tcp(host: "127.0.0.1", port: 1))
        try await withClient(nowhere.with(\.waitForConnection, .seconds(60))) { redis in
            for kind: RedisCommand in [["PING"], ["BLPOP", "list", 0]] {
                let call = Task { try await redis.send(kind, timeout: .seconds(60)) }
                call.cancel()
                await #expect(throws: CancellationError.self) {
                    try await within(.seconds(5)) { try await call.value }
                }
            }
        }
    }

    @Test func `CLIENT KILL is survived`() async throws {
        let server = try await RedisServer.started()
        try await withClient(server.configuration) { redis in
            try await withClient(server.socketConfiguration) { admin in
                for round in 0..<5 {
                    try await #expect(redis.send(["INCR", "n"]).int == round + 1)
                    _ = try await admin.send(["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"])
                    try await eventually("a new connection") { try await redis.send(["PING"]).string == "PONG" }
                }
            }
        }
    }

    @Test func `a server that restarts over and over is always found again, with database and name`() async throws {
        let server = try await RedisServer.started(.init(appendOnly: true, password: "secret"))
        var configuration = server.configuration
        configuration.waitForConnection = .seconds(10)
        configuration.database = 5
        configuration.clientName = "tester"
        try await withClient(configuration) { redis in
            for round in 1...4 {
                try await eventually("an answer") { try await redis.send(["PING"]).string == "PONG" }
                try await #expect(redis.send(["INCR", "n"]).int == round)
                let info = try await redis.send(["CLIENT", "INFO"]).string ?? ""
                #expect(info.contains(" db=5 "))
                #expect(info.contains(" name=tester "))
                try await server.restart()
            }
        }
    }

    @Test func `run connects at once and ends by cancellation`() async throws {
        let server = try await RedisServer.started()
        let redis = RedisClient(configuration: server.configuration, logger: Logger(label: "test"))
        let run = Task { await redis.run() }
        try await eventually("the connection") { redis.isConnected }
        try await #expect(redis.send(["PING"]).string == "PONG")
        run.cancel()
        await run.value
        await expectError(.shutDown) { _ = try await redis.send(["PING"]) }
        await redis.shutdown()
        await redis.run()
    }

    @Test func `shutting down lets the calls under way finish`() async throws {
        let server = try await RedisServer.started()
        try await withClient(server.configuration) { redis in
            _ = try await redis.send(["PING"])
            server.process?.signal(SIGSTOP)
            async let slow = redis.send(["ECHO", "late"])
            try await eventually("the call is sent") { redis.callsInFlight == 1 }
            async let end: Void = redis.shutdown()
            try await eventually("new calls are refused") {
                do {
                    _ = try await redis.send(["PING"], timeout: .milliseconds(50))
                    return false
                } catch let error as RedisError {
                    return error.code == .shutDown
                }
            }
            server.process?.signal(SIGCONT)
            try await #expect(slow.string == "late")
            await end
            #expect(!redis.isConnected)
        }
    }

    @Test func `a client that is dropped closes its connections`() async throws {
        let server = try await RedisServer.started()
        try await withClient(server.socketConfiguration) { admin in
            try await forget(server)
            try await eventually("only the admin is left") {
                try await admin.send(["CLIENT", "LIST"]).string?.split(separator: "\n").count == 1
            }
        }
    }

    private func forget(_ server: RedisServer) async throws {
        let redis = RedisClient(configuration: server.configuration, logger: Logger(label: "test"))
        _ = try await redis.send(["PING"])
        _ = try await redis.send(["BLPOP", "none", 0.01])
    }
}
