#if TLS
    import RedisClient
    import TestKit
    import Testing

    /// TLS to a real server with certificates made for the test.
    @Suite struct TLSTests {
        @Test func `calls go over TLS to a server whose certificate the CA file vouches for`() async throws {
            let (server, certificates) = try await started()
            let url = "rediss://:secret@localhost:\(server.tlsPort)/2?cafile=\(certificates.authority)"
            try await withClient(RedisConfiguration(url: url)) { redis in
                try await #expect(redis.send(["PING"]).string == "PONG")
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<100 {
                        group.addTask { try await #expect(redis.send(["ECHO", number]).int == number) }
                    }
                    try await group.waitForAll()
                }
                let value = String(repeating: "x", count: 1 << 20)
                _ = try await redis.send(["SET", "k", value])
                try await #expect(redis.send(["GET", "k"]).string == value)
                _ = try await redis.send(["RPUSH", "list", 1])
                try await #expect(redis.send(["BLPOP", "list", 5]).strings == ["list", "1"])
            }
        }

        @Test func `an address is checked, too, and a server name may be given`() async throws {
            let (server, certificates) = try await started()
            for host in ["127.0.0.1:\(server.tlsPort)?", "127.0.0.1:\(server.tlsPort)?servername=localhost&"] {
                let url = "rediss://:secret@\(host)cafile=\(certificates.authority)"
                try await withClient(RedisConfiguration(url: url)) { redis in
                    try await #expect(redis.send(["PING"]).string == "PONG")
                }
            }
        }

        @Test func `a certificate that nobody vouches for, or of another name, is refused`() async throws {
            // Without an address: one that is the peer's is accepted whatever name is asked for.
            let (server, certificates) = try await started(names: "DNS:localhost")
            let other = try await TemporaryCertificates()
            for options in [
                "", "?cafile=\(other.authority)", "?servername=example.org&cafile=\(certificates.authority)",
            ] {
                let url = "rediss://:secret@localhost:\(server.tlsPort)/\(options)"
                try await withClient(RedisConfiguration(url: url).with(\.waitForConnection, .zero)) { redis in
                    let error = await expectError(.notConnected) { _ = try await redis.send(["PING"]) }
                    #expect(error?.wasSent == false)
                    #expect(
                        error?.description.lowercased().contains("certificate") == true,
                        "\(error?.description ?? "")"
                    )
                }
            }
        }

        @Test func `a server that does not speak TLS is an error, and nothing goes in the clear`() async throws {
            let (server, certificates) = try await started()
            let url = "rediss://:secret@localhost:\(server.port)/?cafile=\(certificates.authority)"
            try await withClient(RedisConfiguration(url: url).with(\.waitForConnection, .zero)) { redis in
                await expectError(.notConnected) { _ = try await redis.send(["PING"]) }
            }
        }

        @Test func `a CA file that cannot be read is reported`() async throws {
            let configuration = try RedisConfiguration(url: "rediss://localhost?cafile=/no/such/file.pem")
            try await withClient(configuration.with(\.waitForConnection, .seconds(30))) { redis in
                await expectError(.configuration) { _ = try await redis.send(["PING"]) }
            }
        }

        private func started(
            names: String = "DNS:localhost,IP:127.0.0.1"
        ) async throws -> (RedisServer, TemporaryCertificates) {
            let certificates = try await TemporaryCertificates(names: names)
            let settings = [
                ("tls-cert-file", certificates.certificate), ("tls-key-file", certificates.key),
                ("tls-ca-cert-file", certificates.authority), ("tls-auth-clients", "no"),
            ]
            return (try await RedisServer.started(.init(password: "secret", settings: settings)), certificates)
        }
    }
#endif
