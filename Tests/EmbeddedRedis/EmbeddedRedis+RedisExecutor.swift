package import RedisClient

extension EmbeddedRedis: RedisExecutor {
    package var connectionsMade: Int { 1 }

    package func send(_ command: RedisCommand, timeout: Duration?) async throws -> RESPValue {
        let reply = run(command)
        if let error = reply.redisError { throw error }
        return reply
    }

    package func pipeline(
        _ commands: [RedisCommand],
        timeout: Duration?
    ) async throws -> [Result<RESPValue, RedisError>] {
        commands.map { command in
            let reply = run(command)
            return reply.redisError.map { .failure($0) } ?? .success(reply)
        }
    }

    package func eval(
        _ script: RedisScript,
        keys: [String],
        arguments: [any RedisArgumentConvertible],
        timeout: Duration?
    ) async throws -> RESPValue {
        let reply = run(script, keys: keys, arguments: arguments.map(\.redisArgument))
        if let error = reply.redisError { throw error }
        return reply
    }

    package func shutdown() async {}
}
