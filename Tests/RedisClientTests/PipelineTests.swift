import RedisClient
import TestKit
import Testing

/// Several commands in one write.
@Suite struct PipelineTests {
    @Test func `results stand in the order of the commands, errors in their place`() async throws {
        let server = try await RedisServer.started()
        try await withClient(server.configuration) { redis in
            let results = try await redis.pipeline([
                ["SET", "k", "text"], ["INCR", "k"], ["GET", "k"], ["NOSUCHCOMMAND"], ["LPUSH", "k", 1], ["DEL", "k"],
            ])
            #expect(results.count == 6)
            #expect(try results[0].get() == .simpleString("OK"))
            #expect(throws: RedisError.self) { try results[1].get() }
            #expect(try results[2].get() == .bulkString("text"))
            #expect(results[3].error?.code == .server)
            #expect(results[4].error?.code == .wrongType)
            #expect(results[4].error?.wasSent == true)
            #expect(try results[5].get() == .integer(1))
        }
    }

    @Test func `no commands, no round trip`() async throws {
        let server = try await RedisServer.started()
        try await withClient(server.configuration) { redis in
            let results = try await redis.pipeline([])
            #expect(results.isEmpty)
            #expect(!redis.isConnected)
        }
    }

    @Test func `pipelines of many callers do not mix, and a transaction stays together`() async throws {
        let server = try await RedisServer.started()
        try await withClient(server.socketConfiguration) { redis in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for caller in 0..<200 {
                    group.addTask {
                        let results = try await redis.pipeline([
                            ["MULTI"], ["INCR", "shared"], ["SET", "who", caller], ["GET", "who"], ["EXEC"],
                        ])
                        let exec = try results[4].get().array
                        #expect(exec?[2].int == caller)
                    }
                    group.addTask {
                        let echoes: [RedisCommand] = (0..<20).map { ["ECHO", "\(caller):\($0)"] }
                        let texts = try await redis.pipeline(echoes).map { try $0.get().string }
                        #expect(texts == (0..<20).map { "\(caller):\($0)" })
                    }
                }
                try await group.waitForAll()
            }
            try await #expect(redis.send(["GET", "shared"]).int == 200)
        }
    }

    @Test func `an error inside EXEC stays a value`() async throws {
        let server = try await RedisServer.started()
        try await withClient(server.configuration) { redis in
            _ = try await redis.send(["SET", "text", "x"])
            let results = try await redis.pipeline([["MULTI"], ["INCR", "text"], ["PING"], ["EXEC"]])
            let exec = try results[3].get().array
            #expect(exec?[0].redisError?.code == .server)
            #expect(exec?[1] == .simpleString("PONG"))
        }
    }

    @Test(arguments: ["SUBSCRIBE", "MONITOR", "select", "HELLO", "QUIT", "BLPOP", "Reset"])
    func `a command that would harm the others is refused`(name: String) async throws {
        let server = try await RedisServer.started()
        try await withClient(server.configuration) { redis in
            await expectError(.unsupported) {
                _ = try await redis.pipeline([RedisCommand("PING"), RedisCommand(name, 0)])
            }
            guard name != "BLPOP" else { return }
            await expectError(.unsupported) { _ = try await redis.send(RedisCommand(name, 0)) }
        }
    }
}
