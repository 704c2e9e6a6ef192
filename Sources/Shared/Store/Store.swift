import Model
public import RedisClient

/// The queue and the records, on Redis: each change of state is one Lua script, so it happens whole or not at all.
public struct Store: Sendable {
    /// The connection.
    public let redis: RedisClient
    /// The keys.
    public let keys: Keys
    /// How long records of ended jobs are kept.
    public let jobRetention: Duration

    /// Makes a store.
    ///
    /// - Parameters:
    ///   - redis: the connection.
    ///   - keys: the keys.
    ///   - jobRetention: how long records of ended jobs are kept.
    public init(redis: RedisClient, keys: Keys = Keys(), jobRetention: Duration = .seconds(7 * 86_400)) {
        self.redis = redis
        self.keys = keys
        self.jobRetention = jobRetention
    }

    /// Runs a script; the prefix goes first among its arguments.
    func run(
        _ script: RedisScript,
        keys: [String],
        _ arguments: [any RedisArgumentConvertible]
    ) async throws(Failure) -> RESPValue {
        let all: [any RedisArgumentConvertible] = [self.keys.prefix] + arguments
        return try await failing {
            try await redis.eval(script, keys: keys, arguments: all.map(\.redisArgument))
        }
    }

    /// Sends a command.
    func send(_ command: RedisCommand) async throws(Failure) -> RESPValue {
        try await failing { try await redis.send(command) }
    }

    /// Sends commands in one write and takes their replies, all of them or an error.
    func pipeline(_ commands: [RedisCommand]) async throws(Failure) -> [RESPValue] {
        try await failing { try await redis.pipeline(commands).map { try $0.get() } }
    }

    /// Turns what the client throws into a failure that says what to do.
    private func failing<Value: Sendable>(_ body: () async throws -> Value) async throws(Failure) -> Value {
        do {
            return try await body()
        } catch is CancellationError {
            throw Failure(.deadline, "the call was given up before Redis answered")
        } catch {
            throw Failure(
                .storeUnavailable,
                "Redis does not answer as it should: look at its log and at HVC_REDIS_URL",
                cause: "\(error)"
            )
        }
    }

    /// A reply that no script of ours gives.
    func unexpected(_ reply: RESPValue, from script: String) -> Failure {
        Failure(.internalFault, "the script \(script) gave an unexpected reply: report this", cause: "\(reply)")
    }
}
