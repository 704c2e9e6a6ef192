package import RedisClient
import TestKit

/// The embedded Redis and a redis-server, which show the same time and are sent the same.
package final class RedisPair {
    private let embedded: EmbeddedRedis
    private let server: RedisServer
    private let client: RedisClient
    private let clock: VirtualClock
    private var time = Duration.seconds(1_000_000_000)

    /// Runs a test with a pair, and ends the server after it.
    package static func with(_ body: (RedisPair) async throws -> Void) async throws {
        let pair = try await RedisPair()
        let result: Result<Void, any Error>
        do { result = .success(try await body(pair)) } catch { result = .failure(error) }
        await pair.client.shutdown()
        try await pair.server.stop()
        try result.get()
    }

    private init() async throws {
        embedded = EmbeddedRedis(time: time)
        clock = try await VirtualClock(microseconds: 1_000_000_000_000_000)
        var options = RedisServer.Options()
        options.environment = clock.environment
        options.settings = Self.compactForms
        server = try await RedisServer.started(options)
        client = RedisClient(configuration: server.socketConfiguration)
    }

    /// However large, what is kept in order of entry stays so; a node of a stream holds a number of entries, not of bytes.
    private static let compactForms = [
        (name: "hash-max-listpack-entries", value: "1000000"), (name: "hash-max-listpack-value", value: "100000000"),
        (name: "set-max-intset-entries", value: "1000000"), (name: "stream-node-max-bytes", value: "0"),
    ]

    /// Lets time go by for both.
    package func wait(_ duration: Duration) throws {
        try show(time + duration)
    }

    /// Sets both clocks.
    ///
    /// - Parameter time: since 1970.
    /// - Throws: where the file of the server's clock cannot be written.
    package func show(_ time: Duration) throws {
        self.time = time
        embedded.time = time
        let (seconds, attoseconds) = time.components
        try clock.show(microseconds: Int(seconds) * 1_000_000 + Int(attoseconds / 1_000_000_000_000))
    }

    /// What each of them answers to a command.
    package func run(_ command: RedisCommand) async throws -> (real: RESPValue, embedded: RESPValue) {
        (try await real { try await client.send(command) }, embedded.run(command))
    }

    /// What each of them answers to a script.
    package func run(
        _ script: RedisScript,
        keys: [String] = [],
        arguments: [RedisArgument] = []
    ) async throws -> (real: RESPValue, embedded: RESPValue) {
        let real = try await real { try await client.eval(script, keys: keys, arguments: arguments) }
        return (real.nameless, embedded.run(script, keys: keys, arguments: arguments).nameless)
    }

    private func real(_ call: () async throws -> RESPValue) async throws -> RESPValue {
        do { return try await call() } catch let error as RedisError {
            guard let reply = error.reply else { throw error }
            return .error(reply)
        }
    }

    /// Empties both.
    package func flush() async throws {
        _ = try await run(["FLUSHALL"])
    }

    /// All that stands in each of them, a line a key.
    package func contents() async throws -> (real: [String], embedded: [String]) {
        (
            try await Self.contents { try await self.client.send($0) },
            try await Self.contents { self.embedded.run($0) }
        )
    }

    private static func contents(_ run: (RedisCommand) async throws -> RESPValue) async throws -> [String] {
        var lines: [String] = []
        for key in try await run(["KEYS", "*"]).array ?? [] {
            guard let bytes = key.bytes else { continue }
            let type = try await run(["TYPE", bytes]).string ?? ""
            let command: RedisCommand =
                switch type {
                case "string": ["GET", bytes]
                case "list": ["LRANGE", bytes, "0", "-1"]
                case "hash": ["HGETALL", bytes]
                case "set": ["SMEMBERS", bytes]
                case "zset": ["ZRANGE", bytes, "0", "-1", "WITHSCORES"]
                default: ["XRANGE", bytes, "-", "+"]
                }
            let value = try await run(command)
            let end = try await run(["PEXPIRETIME", bytes])
            lines.append("\(key) \(type) until \(end): \(type == "set" ? value.sorted : value)")
        }
        return lines.sorted()
    }
}

extension RESPValue {
    /// The elements in an order that does not depend on how Redis keeps them.
    package var sorted: RESPValue {
        guard case .array(let elements) = self else { return self }
        return .array(elements.sorted { "\($0)" < "\($1)" })
    }

    /// An error of a script without the script's name, for which Redis has a digest.
    fileprivate var nameless: RESPValue {
        guard case .error(let text) = self, let mark = text.firstRange(of: " script: "),
            let end = text[mark.upperBound...].firstIndex(of: ",")
        else { return self }
        return .error(String(text[..<mark.upperBound] + text[end...]))
    }
}
