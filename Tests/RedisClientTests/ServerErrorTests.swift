import RedisClient
import TestKit
import Testing

/// Error replies of a real server, and what they become.
@Suite struct ServerErrorTests {
    @Test func `the wrong type of value`() async throws {
        let server = try await RedisServer.started()
        try await withClient(server.configuration) { redis in
            _ = try await redis.send(["SET", "k", "text"])
            let error = await expectError(.wrongType) { _ = try await redis.send(["HGETALL", "k"]) }
            #expect(error?.reply?.hasPrefix("WRONGTYPE ") == true)
            #expect(error?.isRetriable == false)
            #expect(error?.wasSent == true)
        }
    }

    @Test func `a server at its memory limit takes no writes, and still answers reads`() async throws {
        let server = try await RedisServer.started(
            .init(settings: [("maxmemory", "2mb"), ("maxmemory-policy", "noeviction")])
        )
        try await withClient(server.configuration) { redis in
            let block = String(repeating: "x", count: 100_000)
            let error = await expectError(.outOfMemory) {
                for number in 0..<100 {
                    _ = try await redis.send(["SET", "k:\(number)", block])
                }
            }
            #expect(error?.isRetriable == true)
            try await #expect(redis.send(["GET", "k:0"]).string == block)
            _ = try await redis.send(["CONFIG", "SET", "maxmemory", 1])
            let script = RedisScript(name: "write", source: "return redis.call('SET', KEYS[1], ARGV[1])")
            await expectError(.outOfMemory) { _ = try await redis.eval(script, keys: ["s"], arguments: ["v"]) }
        }
    }

    @Test func `a replica takes no writes`() async throws {
        let server = try await RedisServer.started()
        try await withClient(server.configuration) { redis in
            _ = try await redis.send(["REPLICAOF", "127.0.0.1", 1])
            let error = await expectError(.readOnly) { _ = try await redis.send(["SET", "k", "v"]) }
            #expect(error?.isRetriable == true)
            _ = try await redis.send(["REPLICAOF", "NO", "ONE"])
            try await #expect(redis.send(["SET", "k", "v"]).string == "OK")
        }
    }

    @Test func `a replica that lost its master and may not serve old data`() async throws {
        let server = try await RedisServer.started(.init(settings: [("replica-serve-stale-data", "no")]))
        try await withClient(server.configuration) { redis in
            _ = try await redis.send(["REPLICAOF", "127.0.0.1", 1])
            await expectError(.masterDown) { _ = try await redis.send(["GET", "k"]) }
        }
    }

    @Test func `a server that still loads its data says so, and is used as soon as it has`() async throws {
        let server = try await RedisServer.started()
        try await withClient(server.configuration) { redis in
            // One value a key, and a slow motion that Redis has for such tests: 2,000 keys in 4 s.
            _ = try await redis.send(["DEBUG", "POPULATE", 2000, "key", 2000])
            _ = try await redis.send(["SAVE"])
            _ = try? await redis.send(["CONFIG", "REWRITE"])
        }
        try await server.kill9()
        try await server.start(
            waitsUntilReady: false,
            settings: [("key-load-delay", "2000"), ("loading-process-events-interval-bytes", "1024")]
        )
        try await withClient(server.configuration.with(\.waitForConnection, .seconds(10))) { redis in
            let error = await expectError(.loading) { _ = try await redis.send(["DBSIZE"]) }
            #expect(error?.isRetriable == true)
            try await eventually("the data is loaded", deadline: .seconds(60)) {
                try await redis.send(["DBSIZE"]).int == 2000
            }
        }
    }

    @Test func `a script that does not end makes the server busy`() async throws {
        let server = try await RedisServer.started(.init(settings: [("busy-reply-threshold", "50")]))
        try await withClient(server.configuration) { redis in
            let endless = Task {
                await expectError(.server) { _ = try await redis.send(["EVAL", "while true do end", 0]) }
            }
            try await withClient(server.socketConfiguration) { other in
                try await eventually("the server is busy") {
                    do {
                        _ = try await other.send(["GET", "k"])
                        return false
                    } catch let error as RedisError {
                        return error.code == .busy && error.isRetriable
                    }
                }
                _ = try await other.send(["SCRIPT", "KILL"])
                _ = await endless.value
                try await #expect(other.send(["GET", "k"]).isNull)
            }
        }
    }

    @Test func `too few replicas, and a disk that cannot be written`() async throws {
        let server = try await RedisServer.started(.init(settings: [("min-replicas-to-write", "1")]))
        try await withClient(server.configuration) { redis in
            await expectError(.masterDown) { _ = try await redis.send(["SET", "k", "v"]) }
            _ = try await redis.send(["CONFIG", "SET", "min-replicas-to-write", 0])
            // A save into a directory that is not there any more.
            _ = try await redis.send(["CONFIG", "SET", "save", "3600 1"])
            server.directory.remove()
            _ = try? await redis.send(["BGSAVE"])
            try await eventually("the failed save is known") {
                try await redis.send(["INFO", "persistence"]).string?.contains("rdb_last_bgsave_status:err") == true
            }
            let error = await expectError(.persistence) { _ = try await redis.send(["SET", "k", "v"]) }
            #expect(error?.isRetriable == true)
        }
    }

    @Test(arguments: [
        ("MOVED 3999 127.0.0.1:6381", RedisError.Code.cluster), ("CLUSTERDOWN The cluster is down", .cluster),
        ("ERR unknown command", .server), ("EXECABORT Transaction discarded", .server), ("", .server),
        ("NOAUTH Authentication required.", .authentication), ("NOPERM no permissions", .permissionDenied),
        ("NOSCRIPT No matching script.", .noScript), ("BUSYKEY Target key name already exists.", .server),
    ])
    func `the first word decides`(reply: String, code: RedisError.Code) {
        let error = RedisError(reply: reply)
        #expect(error.code == code)
        #expect(error.reply == reply)
        #expect(error.description.contains(reply))
    }
}
