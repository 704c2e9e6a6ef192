import Logging
import NIOCore
import TestKit
import Testing

@testable import RedisClient

/// What the log says of a Redis that is away.
@Suite struct OutageTests {
    @Test func `a loss is said once, again after each reminder, and its end with how long it took`() {
        var outage = Outage(reminder: .seconds(60))
        func at(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(0) + .seconds(1000 + seconds) }
        #expect(outage.recovered(at: at(0)) == nil)
        #expect(outage.failed(at: at(1)) == .away)
        for second in 2..<61 { #expect(outage.failed(at: at(Int64(second))) == nil) }
        #expect(outage.failed(at: at(61)) == .still(.seconds(60)))
        #expect(outage.failed(at: at(62)) == nil)
        #expect(outage.recovered(at: at(70)) == .back(.seconds(69)))
        #expect(outage.recovered(at: at(71)) == nil)
        #expect(outage.failed(at: at(80)) == .away)
    }

    @Test func `a server that comes and goes is said twice a minute, and one that stays away after that in time`() {
        var outage = Outage(reminder: .seconds(60))
        func at(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(0) + .seconds(1000 + seconds) }
        var reports: [Outage.Report] = []
        for second in stride(from: Int64(0), to: 600, by: 2) {
            reports += [outage.failed(at: at(second)), outage.recovered(at: at(second + 1))].compactMap(\.self)
        }
        #expect(reports.count == 20)
        for second in Int64(600)..<660 { reports += [outage.failed(at: at(second))].compactMap(\.self) }
        #expect(reports.count == 21)
    }

    /// A client whose log is kept, and reminders that come each second.
    private func withLog(
        _ server: RedisServer,
        _ body: (RedisClient, @escaping @Sendable (String) -> Int) async throws -> Void
    ) async throws {
        let log = KeepingLog()
        var logger = log.logger
        logger.logLevel = .info
        var configuration = server.configuration
        configuration.outageReminder = .seconds(1)
        configuration.waitForConnection = .zero
        let redis = RedisClient(configuration: configuration, logger: logger)
        let result: Result<Void, any Error>
        do {
            result = .success(
                try await body(redis) { part in log.lines.count { $0.contains(part) } }
            )
        } catch { result = .failure(error) }
        await redis.shutdown()
        try result.get()
    }

    @Test func `a server that is away for some seconds makes a few lines, however many calls fail`() async throws {
        let server = try await RedisServer.started()
        try await withLog(server) { redis, count in
            _ = try await redis.send(["PING"])
            try await server.kill9()
            try await eventually("two reminders", deadline: .seconds(20), every: .milliseconds(1)) {
                _ = try? await redis.send(["PING"])
                return count("Redis is still away") == 2
            }
            try await server.start()
            try await eventually("the return", deadline: .seconds(20), every: .milliseconds(1)) {
                _ = try? await redis.send(["PING"])
                return count("Redis is back") == 1
            }
            #expect(count("Redis is away") == 1)
            #expect(count("Redis is still away") <= 3)
            #expect(count("Redis refuses calls") == 0)
            #expect(count("connected to Redis") == 1)
            #expect(count("") <= 6)
        }
    }

    @Test func `a server that takes no writes is said once for each reminder, with the number of calls`() async throws {
        let server = try await RedisServer.started()
        try await withLog(server) { redis, count in
            _ = try await redis.send(["CONFIG", "SET", "maxmemory", "1"])
            try await eventually("two lines", deadline: .seconds(20), every: .milliseconds(1)) {
                await expectError(.outOfMemory) { _ = try await redis.send(["SET", "a", "b"]) }
                _ = try await redis.pipeline([["SET", "a", "b"]])
                return count("Redis refuses calls") == 2
            }
            #expect(count("outOfMemory") == 2 && count("calls=1 ") == 1)
            // What callers deal with themselves.
            _ = try? await redis.send(["EVALSHA", "0000000000000000000000000000000000000000", "0"])
            _ = try? await redis.send(["SUBSCRIBE", "a"])
            #expect(count("Redis refuses calls") == 2)
        }
    }

    @Test func `calls that block are refused aloud where only they get no connection`() async throws {
        let server = try await RedisServer.started()
        try await withLog(server) { redis, count in
            _ = try await redis.send(["PING"])
            let clients = try await redis.send(["CLIENT", "LIST"]).string?.split(separator: "\n").count ?? 1
            _ = try await redis.send(["CONFIG", "SET", "maxclients", "\(clients)"])
            try await eventually("the refusal", deadline: .seconds(20), every: .milliseconds(50)) {
                _ = try? await redis.send(["BLPOP", "none", "0.01"])
                return count("Redis refuses calls") == 1
            }
        }
    }
}
