import Foundation
import RedisClient
import TestKit
import Testing

/// Lua scripts that load themselves.
@Suite struct ScriptTests {
    private let script = RedisScript(
        name: "add",
        source: "return {redis.call('INCRBY', KEYS[1], ARGV[1]), ARGV[2]}"
    )

    @Test func `keys and arguments reach the script, and it is loaded once`() async throws {
        let server = try await RedisServer.started()
        try await withClient(server.configuration) { redis in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<200 {
                    group.addTask {
                        let reply = try await redis.eval(script, keys: ["sum"], arguments: [1, "\(number)"])
                        #expect(reply.array?[1].int == number)
                    }
                }
                try await group.waitForAll()
            }
            try await #expect(redis.send(["GET", "sum"]).int == 200)
            let stats = try await redis.send(["INFO", "commandstats"]).string ?? ""
            #expect(calls("script|load", in: stats) == 1)
            #expect(calls("evalsha", in: stats) == 200)
        }
    }

    @Test func `after SCRIPT FLUSH the callers share one new load and notice nothing`() async throws {
        let server = try await RedisServer.started()
        try await withClient(server.configuration) { redis in
            for round in 1...3 {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<100 {
                        group.addTask { _ = try await redis.eval(script, keys: ["sum"], arguments: [1, ""]) }
                    }
                    try await group.waitForAll()
                }
                try await #expect(redis.send(["GET", "sum"]).int == 100 * round)
                let stats = try await redis.send(["INFO", "commandstats"]).string ?? ""
                #expect(calls("script|load", in: stats) == round)
                _ = try await redis.send(["SCRIPT", "FLUSH", "SYNC"])
            }
        }
    }

    @Test func `after a restart of the server scripts go on`() async throws {
        let server = try await RedisServer.started(.init(appendOnly: true))
        try await withClient(server.configuration.with(\.waitForConnection, .seconds(10))) { redis in
            for round in 1...3 {
                try await eventually("an answer") { try await redis.send(["PING"]).string == "PONG" }
                try await #expect(redis.eval(script, keys: ["sum"], arguments: [1, ""]).array?[0].int == round)
                try await server.restart()
            }
        }
    }

    @Test func `a script that is flushed all the time still runs, or says so`() async throws {
        let server = try await RedisServer.started()
        try await withClient(server.configuration) { redis in
            let flusher = Task {
                while !Task.isCancelled { _ = try await redis.send(["SCRIPT", "FLUSH"]) }
            }
            var ran = 0
            for _ in 0..<200 {
                do {
                    _ = try await redis.eval(script, keys: ["sum"], arguments: [1, ""])
                    ran += 1
                } catch let error as RedisError {
                    #expect(error.code == .noScript)
                    #expect(error.isRetriable)
                }
            }
            flusher.cancel()
            _ = await flusher.result
            try await #expect(redis.send(["GET", "sum"]).int ?? 0 == ran)
            try await #expect(redis.eval(script, keys: ["sum"], arguments: [1, ""]).array?[0].int == ran + 1)
        }
    }

    @Test func `a script that does not compile is an error for each caller`() async throws {
        let server = try await RedisServer.started()
        try await withClient(server.configuration) { redis in
            let broken = RedisScript(name: "broken", source: "return (")
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<10 {
                    group.addTask { await expectError(.server) { _ = try await redis.eval(broken) } }
                }
            }
            try await #expect(redis.eval(script, keys: ["sum"], arguments: [5, ""]).array?[0].int == 5)
        }
    }

    @Test func `a caller that is cancelled while it loads leaves the load to the next one`() async throws {
        let server = try await RedisServer.started()
        try await withClient(server.configuration) { redis in
            _ = try await redis.send(["PING"])
            server.process?.signal(SIGSTOP)
            let first = Task { try await redis.eval(script, keys: ["sum"], arguments: [1, ""]) }
            try await eventually("the load is sent") { redis.callsInFlight == 1 }
            let others = (0..<5).map { _ in
                Task { try await redis.eval(script, keys: ["sum"], arguments: [1, ""]) }
            }
            others[0].cancel()
            first.cancel()
            await #expect(throws: CancellationError.self) { try await first.value }
            await #expect(throws: CancellationError.self) { try await others[0].value }
            server.process?.signal(SIGCONT)
            for other in others.dropFirst() { _ = try await other.value }
            try await #expect(redis.send(["GET", "sum"]).int == 4)
        }
    }

    @Test func `an error of the script is the caller's`() async throws {
        let server = try await RedisServer.started()
        try await withClient(server.configuration) { redis in
            let failing = RedisScript(
                name: "failing",
                source: "return redis.error_reply('CONFLICT somebody was faster')"
            )
            let error = await expectError(.server) { _ = try await redis.eval(failing) }
            #expect(error?.reply == "CONFLICT somebody was faster")
        }
    }

    private func calls(_ command: String, in stats: String) -> Int {
        let line = stats.split(whereSeparator: \.isNewline).first { $0.hasPrefix("cmdstat_\(command):calls=") }
        return line.flatMap { Int($0.drop { $0 != "=" }.dropFirst().prefix { $0.isNumber }) } ?? 0
    }
}
