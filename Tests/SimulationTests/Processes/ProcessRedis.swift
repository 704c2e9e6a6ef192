import RedisClient

/// A process's connection to Redis: each call takes its time, and may be lost on the way there or back.
struct ProcessRedis: RedisExecutor {
    let process: SimulatedProcess

    var connectionsMade: Int { process.connections }

    func send(_ command: RedisCommand, timeout: Duration?) async throws -> RESPValue {
        try await call { $0.run(command) }
    }

    func pipeline(
        _ commands: [RedisCommand],
        timeout: Duration?
    ) async throws -> [Result<RESPValue, RedisError>] {
        var results: [Result<RESPValue, RedisError>] = []
        for command in commands {
            do { results.append(.success(try await send(command))) } catch let error as RedisError {
                results.append(.failure(error))
            }
        }
        return results
    }

    func eval(
        _ script: RedisScript,
        keys: [String],
        arguments: [any RedisArgumentConvertible],
        timeout: Duration?
    ) async throws -> RESPValue {
        let arguments = arguments.map(\.redisArgument)
        return try await call { $0.run(script, keys: keys, arguments: arguments) }
    }

    func shutdown() async {}

    private func call(_ body: @escaping (SimulatedRedis) -> RESPValue) async throws -> RESPValue {
        let result = await process.suspend(onDeath: Result<RESPValue, RedisError>.failure(.dead)) { resume in
            process.simulation.redis.call(from: process, body, resume)
        }
        let reply = try result.get()
        if let error = reply.redisError { throw error }
        return reply
    }
}

extension RedisError {
    /// What a dead process gets; nobody sees it.
    fileprivate static let dead = RedisError(.shutDown, "the process is dead")
}
