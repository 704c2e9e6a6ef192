/// What runs commands and scripts: ``RedisClient`` on a server; tests have another one, in memory.
package protocol RedisExecutor: Sendable {
    /// How many times the server was reached anew so far: each time it may have gone back to an earlier state.
    var connectionsMade: Int { get }

    /// Sends a command and waits for its reply; nil for the configured time.
    func send(_ command: RedisCommand, timeout: Duration?) async throws -> RESPValue

    /// Sends commands in one write and waits for all their replies.
    func pipeline(_ commands: [RedisCommand], timeout: Duration?) async throws -> [Result<RESPValue, RedisError>]

    /// Runs a script.
    func eval(
        _ script: RedisScript,
        keys: [String],
        arguments: [any RedisArgumentConvertible],
        timeout: Duration?
    ) async throws -> RESPValue

    /// Ends it: no new calls.
    func shutdown() async
}

extension RedisClient: RedisExecutor {}

extension RedisExecutor {
    /// Sends a command and waits for its reply, as long as any call may take.
    package func send(_ command: RedisCommand) async throws -> RESPValue { try await send(command, timeout: nil) }

    /// Sends commands in one write, and waits as long as any call may take.
    package func pipeline(_ commands: [RedisCommand]) async throws -> [Result<RESPValue, RedisError>] {
        try await pipeline(commands, timeout: nil)
    }

    /// Runs a script, and waits as long as any call may take.
    package func eval(
        _ script: RedisScript,
        keys: [String] = [],
        arguments: [any RedisArgumentConvertible] = []
    ) async throws -> RESPValue {
        try await eval(script, keys: keys, arguments: arguments, timeout: nil)
    }
}
