import RedisClient
import Testing

/// Reading and showing addresses.
@Suite struct ConfigurationTests {
    @Test(arguments: [
        ("redis://localhost", "localhost", 6379, 0), ("redis://10.0.0.1:7000", "10.0.0.1", 7000, 0),
        ("redis://db/", "db", 6379, 0), ("redis://db:6380/15", "db", 6380, 15), ("REDIS://db/2", "db", 6379, 2),
        ("redis://[::1]", "::1", 6379, 0), ("redis://[fe80::1%25eth0]:7/1", "fe80::1%eth0", 7, 1),
        ("redis://db/1?db=4", "db", 6379, 4), ("redis://db:", "db", 6379, 0),
    ])
    func `TCP addresses`(url: String, host: String, port: Int, database: Int) throws {
        let configuration = try RedisConfiguration(url: url)
        #expect(configuration.endpoint == .tcp(host: host, port: port))
        #expect(configuration.database == database)
        #expect(configuration.password == nil)
        #expect(configuration.username == nil)
        #expect(configuration.tls == nil)
    }

    @Test(arguments: [
        ("redis://u:p@h", "u", "p"), ("redis://:p@h", nil, "p"), ("redis://u@h", "u", nil), ("redis://u:@h", "u", ""),
        ("redis://u%3A:p%40%2F%3F%23%25@h", "u:", "p@/?#%"), ("redis://u:p@ss@h", "u", "p@ss"),
        ("redis://u:a:b@h", "u", "a:b"), ("redis://u:p%C3%A9@h", "u", "pé"), ("redis://u:p+q@h", "u", "p+q"),
        ("redis://h?username=u&password=p%26q", "u", "p&q"), ("redis://@h", nil, nil),
    ])
    func credentials(url: String, username: String?, password: String?) throws {
        let configuration = try RedisConfiguration(url: url)
        #expect(configuration.endpoint == .tcp(host: "h", port: 6379))
        #expect(configuration.username == username)
        #expect(configuration.password == password)
    }

    @Test func `unix sockets`() throws {
        let configuration = try RedisConfiguration(
            url: "unix:///run/my%20redis/r.sock?db=3&username=u&password=p%3D1&clientname=gw"
        )
        #expect(configuration.endpoint == .unixSocket(path: "/run/my redis/r.sock"))
        #expect(configuration.database == 3)
        #expect(configuration.username == "u")
        #expect(configuration.password == "p=1")
        #expect(configuration.clientName == "gw")
    }

    @Test(arguments: [
        ("", "scheme"), ("localhost:6379", "scheme"), ("http://h", "scheme"), ("redis://", "host"),
        ("redis://:6379", "host"), ("redis://h:0", "port"), ("redis://h:65536", "port"), ("redis://h:abc", "port"),
        ("redis://h:+1", "port"), ("redis://h:1:2", "port"), ("redis://[::1", "]"), ("redis://[::1]x", "port"),
        ("redis://h/x", "database"), ("redis://h/-1", "database"), ("redis://h/1/2", "database"),
        ("redis://h/99999999999999999999", "database"), ("redis://u:%zz@h", "%25"), ("redis://u:%4@h", "%25"),
        ("redis://u:%00@h", "UTF-8"), ("redis://u:%FF@h", "UTF-8"), ("redis://h?nonsense=1", "option"),
        ("redis://h#x", "%23"), ("redis://h?cafile=/x", "rediss"), ("redis://h?clientname=a%20b", "clientname"),
        ("unix://", "path"), ("unix:///", "path"), ("unix://host/path", "host"), ("unix:///p?db=x", "database"),
    ])
    func `wrong addresses say what is wrong`(url: String, word: String) {
        do {
            let configuration = try RedisConfiguration(url: url)
            Issue.record("\(configuration) from \(url)")
        } catch let error as RedisError {
            #expect(error.code == .configuration)
            #expect(error.message.contains(word), "\(error.message)")
        } catch {
            Issue.record(error)
        }
    }

    @Test func `the password never shows`() throws {
        let secret = "s3cr3t"
        for url in ["redis://u:\(secret)@h/1", "redis://:\(secret)@h", "unix:///s?password=\(secret)"] {
            let configuration = try RedisConfiguration(url: url)
            var dumped = ""
            dump(configuration, to: &dumped)
            for text in ["\(configuration)", String(reflecting: configuration), "\([configuration])", dumped] {
                #expect(!text.contains(secret), "\(text)")
                #expect(text.contains("***"))
            }
            #expect(configuration.password == secret)
        }
        // Errors do not show it, either.
        for url in ["redis://u:\(secret)@h:x", "redis://u:\(secret)%@h", "redis://h?password=\(secret)&x=1"] {
            do {
                _ = try RedisConfiguration(url: url)
                Issue.record("no error for \(url)")
            } catch {
                #expect(!"\(error)".contains(secret))
            }
        }
    }

    @Test func `any text survives the percent form`() throws {
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array("aZ09-._~:/?#[]@!$&'()*+,;= %\\\"<>^`{|}éß漢🂡\t\n")
        for _ in 0..<500 {
            func text(_ limit: Int) -> String {
                String((0..<Int.random(in: 1...limit, using: &generator)).map { _ in alphabet.randomElement() ?? "x" })
            }
            let (user, password, path) = (text(12), text(40), text(30))
            let port = Int.random(in: 1...65_535)
            let database = Int.random(in: 0...1000)
            let tcp = try RedisConfiguration(
                url: "redis://\(percent(user)):\(percent(password))@[::1]:\(port)/\(database)"
            )
            #expect(tcp.username == user)
            #expect(tcp.password == password)
            #expect(tcp.endpoint == .tcp(host: "::1", port: port))
            #expect(tcp.database == database)
            let unix = try RedisConfiguration(
                url: "unix:///\(percent(path))?password=\(percent(password))&db=\(database)"
            )
            #expect(unix.endpoint == .unixSocket(path: "/\(path)"))
            #expect(unix.password == password)
        }
    }

    @Test func `no text makes it trap`() {
        let pieces = [
            "redis", "unix", "://", ":", "/", "@", "?", "&", "=", "%", "%2", "%41", "[", "]", "#", "é", "1", "",
        ]
        for _ in 0..<5000 {
            let url = (0..<Int.random(in: 0...12)).map { _ in pieces.randomElement() ?? "" }.joined()
            do {
                _ = try RedisConfiguration(url: url)
            } catch {
                #expect(error is RedisError)
            }
        }
    }

    #if !TLS
        @Test func `without TLS in the build rediss says how to get it`() throws {
            let error = #expect(throws: RedisError.self) { try RedisConfiguration(url: "rediss://h") }
            #expect(error?.code == .tlsUnavailable)
            #expect(error?.message.contains("--traits TLS") == true)
        }

        @Test func `without TLS in the build a configuration that wants it does not connect in the clear`() async throws
        {
            var configuration = RedisConfiguration(endpoint: .tcp(host: "127.0.0.1", port: 1))
            configuration.tls = .init()
            try await withClient(configuration.with(\.waitForConnection, .seconds(30))) { redis in
                await expectError(.tlsUnavailable) { _ = try await redis.send(["PING"]) }
            }
        }
    #endif

    private func percent(_ text: String) -> String {
        text.utf8.map { byte in
            let isPlain = (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte)
            let digits = String(byte, radix: 16)
            return isPlain ? String(UnicodeScalar(byte)) : "%" + (digits.count == 1 ? "0" : "") + digits
        }.joined()
    }
}
