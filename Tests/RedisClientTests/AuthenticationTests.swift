import RedisClient
import TestKit
import Testing

/// Passwords, ACL users and databases.
@Suite struct AuthenticationTests {
    private let users = ["app on >app-secret ~app:* &* +@all", "limited on >limited-secret ~* +get +client|setname"]

    @Test func `the default user's password, over TCP and the socket, and by URL`() async throws {
        let server = try await RedisServer.started(.init(password: "p@ss/w:rd"))
        for configuration in [server.configuration, server.socketConfiguration] {
            try await withClient(configuration) { redis in
                try await #expect(redis.send(["PING"]).string == "PONG")
            }
        }
        let url = "redis://:p%40ss%2Fw%3Ard@127.0.0.1:\(server.port)/3"
        try await withClient(RedisConfiguration(url: url)) { redis in
            try await #expect(redis.send(["CLIENT", "INFO"]).string?.contains(" db=3 ") == true)
        }
    }

    @Test func `an ACL user may do what it may, and is reported what it may not`() async throws {
        let server = try await RedisServer.started(.init(password: "other", users: users))
        let url = "redis://app:app-secret@127.0.0.1:\(server.port)"
        try await withClient(RedisConfiguration(url: url)) { redis in
            try await #expect(redis.send(["ACL", "WHOAMI"]).string == "app")
            try await #expect(redis.send(["SET", "app:k", "v"]).string == "OK")
            await expectError(.permissionDenied) { _ = try await redis.send(["SET", "elsewhere", "v"]) }
        }
    }

    @Test func `a user that may not even PING can still be used`() async throws {
        let server = try await RedisServer.started(.init(users: users))
        let url = "unix://\(server.socketPath)?username=limited&password=limited-secret"
        try await withClient(RedisConfiguration(url: url)) { redis in
            try await #expect(redis.send(["GET", "k"]).isNull)
            await expectError(.permissionDenied) { _ = try await redis.send(["PING"]) }
        }
    }

    @Test func `a wrong password is reported at once, without the password, and tried again`() async throws {
        let server = try await RedisServer.started(.init(password: "right"))
        var configuration = server.configuration
        configuration.password = "wrong-5ecret"
        try await withClient(configuration.with(\.waitForConnection, .seconds(30))) { redis in
            let clock = ContinuousClock()
            let start = clock.now
            let error = await expectError(.authentication) { _ = try await redis.send(["PING"]) }
            #expect(clock.now - start < .seconds(10))
            #expect(error?.wasSent == false)
            #expect(error.map { "\($0)".contains("5ecret") } == false)
            await expectError(.authentication) { _ = try await redis.send(["BLPOP", "k", 0]) }
            // A person sets the password right; nobody restarts the client.
            try await withClient(server.configuration) { admin in
                _ = try await admin.send(["CONFIG", "SET", "requirepass", "wrong-5ecret"])
            }
            try await eventually("the next attempt") { try await redis.send(["PING"]).string == "PONG" }
        }
    }

    @Test func `a missing password, one too many, an unknown user`() async throws {
        let closed = try await RedisServer.started(.init(password: "right"))
        var configuration = closed.configuration
        configuration.password = nil
        try await withClient(configuration) { redis in
            await expectError(.authentication) { _ = try await redis.send(["PING"]) }
        }
        configuration.username = "nobody"
        configuration.password = "right"
        try await withClient(configuration) { redis in
            await expectError(.authentication) { _ = try await redis.send(["PING"]) }
        }
        let open = try await RedisServer.started()
        configuration = open.configuration
        configuration.password = "needless"
        try await withClient(configuration) { redis in
            let error = await expectError(.authentication) { _ = try await redis.send(["PING"]) }
            #expect(error?.message.contains("without any password configured") == true)
        }
    }

    @Test func `databases are apart, and one that is not there is reported`() async throws {
        let server = try await RedisServer.started()
        try await withClient(server.configuration.with(\.database, 1)) { one in
            try await withClient(server.configuration.with(\.database, 15)) { fifteen in
                _ = try await one.send(["SET", "k", "one"])
                try await #expect(fifteen.send(["GET", "k"]).isNull)
                _ = try await one.send(["RPUSH", "list", 1])
                try await #expect(one.send(["BLPOP", "list", 1]).strings == ["list", "1"], "blocking ones, too")
            }
        }
        try await withClient(server.configuration.with(\.database, 16)) { redis in
            let error = await expectError(.invalidDatabase) { _ = try await redis.send(["PING"]) }
            #expect(error?.isRetriable == false)
        }
    }

    @Test func `a server that has no room for one more client says so`() async throws {
        let server = try await RedisServer.started(.init(settings: [("maxclients", "2")]))
        try await withClient(server.configuration) { first in
            try await withClient(server.configuration) { second in
                _ = try await first.send(["PING"])
                _ = try await second.send(["PING"])
                try await withClient(server.configuration.with(\.waitForConnection, .zero)) { third in
                    let error = await expectError(.notConnected) { _ = try await third.send(["PING"]) }
                    #expect(error?.description.contains("max number of clients") == true)
                }
            }
        }
    }
}
