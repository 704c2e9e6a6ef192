import EmbeddedRedis
import NIOConcurrencyHelpers
import RedisClient

/// A Redis in memory that tries each script on broken records before it runs it.
final class TrialRedis: RedisExecutor {
    let live = EmbeddedRedis()
    private let state = NIOLockedValueBox((tried: Set<String>(), findings: Set<String>()))

    /// The scripts that were called.
    var tried: Set<String> { state.withLockedValue(\.tried) }
    /// What scripts wrote that then failed.
    var findings: Set<String> { state.withLockedValue(\.findings) }

    var connectionsMade: Int { 1 }

    func send(_ command: RedisCommand, timeout: Duration?) async throws -> RESPValue {
        try await live.send(command, timeout: timeout)
    }

    func pipeline(_ commands: [RedisCommand], timeout: Duration?) async throws -> [Result<RESPValue, RedisError>] {
        try await live.pipeline(commands, timeout: timeout)
    }

    func eval(
        _ script: RedisScript,
        keys: [String],
        arguments: [any RedisArgumentConvertible],
        timeout: Duration?
    ) async throws -> RESPValue {
        var trial = ScriptTrial(script, keys, arguments.map(\.redisArgument), on: live)
        trial.run(most: 1_000)
        state.withLockedValue {
            $0.tried.insert(script.name)
            $0.findings.formUnion(trial.findings)
        }
        live.time += .milliseconds(10)
        return try await live.eval(script, keys: keys, arguments: arguments, timeout: timeout)
    }

    func shutdown() async {}
}
