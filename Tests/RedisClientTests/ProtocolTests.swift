import RedisClient
import TestKit
import Testing

/// Peers that do not speak the protocol as they should.
@Suite struct ProtocolTests {
    @Test(arguments: [
        "HTTP/1.1 400 Bad Request\r\n\r\n", "\0\0\0\0", "$-7\r\n", ":12x\r\n", "*-2\r\n",
        "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n",
    ])
    func `garbage fails the call, closes the connection, and harms nobody after`(garbage: String) async throws {
        let server = try await FakeServer(answer: .say(garbage))
        try await withClient(server.configuration.with(\.waitForConnection, .seconds(10))) { redis in
            for round in 1...3 {
                let error = await expectError(.protocolViolation) { _ = try await redis.send(["PING"]) }
                #expect(error?.wasSent == true)
                #expect(error?.isRetriable == false)
                #expect(server.connections == round, "each on a new connection")
            }
        }
    }

    @Test func `garbage in answer to the log-in fails the call`() async throws {
        let server = try await FakeServer(greeting: .say("SSH-2.0-OpenSSH_9.2\r\n"), answer: .silence)
        try await withClient(server.configuration.with(\.waitForConnection, .zero)) { redis in
            let error = await expectError(.notConnected) { _ = try await redis.send(["PING"]) }
            #expect((error?.cause as? RedisError)?.code == .protocolViolation)
            #expect(error?.wasSent == false)
        }
    }

    @Test func `a reply that nobody asked for closes the connection`() async throws {
        let server = try await FakeServer(answer: .say("+OK\r\n+SURPLUS\r\n"))
        try await withClient(server.configuration.with(\.waitForConnection, .seconds(10))) { redis in
            try await #expect(redis.send(["PING"]) == .simpleString("OK"))
            try await eventually("a new connection") {
                _ = try await redis.send(["PING"])
                return server.connections > 1
            }
        }
    }

    @Test func `an array of enormous claimed length costs no memory`() async throws {
        let server = try await FakeServer(answer: .sayAndClose("*2147483647\r\n:1\r\n"))
        try await withClient(server.configuration) { redis in
            await expectError(.connectionLost) { _ = try await redis.send(["KEYS", "*"]) }
        }
    }

    @Test func `a connection that ends midway leaves a pipeline the replies that came`() async throws {
        let server = try await FakeServer(answer: .sayAndClose("+ONE\r\n:2\r\n$5\r\nthr"))
        try await withClient(server.configuration) { redis in
            let results = try await redis.pipeline([["A"], ["B"], ["C"], ["D"]])
            #expect(try results[0].get() == .simpleString("ONE"))
            #expect(try results[1].get() == .integer(2))
            #expect(results[2].error?.code == .connectionLost)
            #expect(results[3].error?.code == .connectionLost)
            #expect(results[3].error?.wasSent == true)
        }
    }

    @Test func `time that runs out midway leaves a pipeline the replies that came`() async throws {
        let server = try await FakeServer(answer: .say("+ONE\r\n"))
        try await withClient(server.configuration) { redis in
            _ = try await redis.send(["PING"])
            let results = try await redis.pipeline([["A"], ["B"]], timeout: .milliseconds(1500))
            #expect(try results[0].get() == .simpleString("ONE"))
            #expect(results[1].error?.code == .timeout)
        }
    }

    @Test func `a peer that accepts and says nothing is given up after the time to connect`() async throws {
        let server = try await FakeServer(greeting: .silence, answer: .silence)
        var configuration = server.configuration
        configuration.connectTimeout = .milliseconds(300)
        configuration.waitForConnection = .zero
        try await withClient(configuration) { redis in
            await expectError(.notConnected) { _ = try await redis.send(["PING"]) }
            try await eventually("another attempt") { server.connections > 1 }
        }
    }

    @Test func `a server that drops each connection is not asked without pause`() async throws {
        let server = try await FakeServer(answer: .sayAndClose(""))
        var configuration = server.configuration
        configuration.reconnect = Backoff(base: .milliseconds(100), limit: .seconds(1))
        configuration.waitForConnection = .milliseconds(100)
        let clock = ContinuousClock()
        try await withClient(configuration) { redis in
            let start = clock.now
            while server.connections < 6 {
                _ = try? await redis.send(["PING"])
            }
            // The five waits are drawn from 0 to 100, 200, 400, 800 and 1,000 ms: less than 50 ms together is what
            // chance brings about once in two million runs.
            #expect(clock.now - start > .milliseconds(50))
        }
    }

    @Test func `calls beyond the limit are refused unsent`() async throws {
        let server = try await FakeServer(answer: .silence)
        try await withClient(server.configuration.with(\.maximumPendingCalls, 10)) { redis in
            let run = Task { await redis.run() }
            defer { run.cancel() }
            try await eventually("the log-in is over") { redis.isConnected && redis.callsInFlight == 0 }
            await withTaskGroup(of: RedisError.Code?.self) { group in
                for _ in 0..<25 {
                    group.addTask {
                        do {
                            _ = try await redis.send(["PING"], timeout: .milliseconds(1500))
                            return nil
                        } catch {
                            return (error as? RedisError)?.code
                        }
                    }
                }
                let codes = await group.reduce(into: []) { $0.append($1) }
                #expect(codes.count { $0 == .timeout } == 10)
                #expect(codes.count { $0 == .tooManyPending } == 15)
            }
        }
    }
}
