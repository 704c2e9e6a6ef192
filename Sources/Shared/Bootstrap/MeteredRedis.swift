package import CoreMetrics
package import RedisClient
import Telemetry

/// Runs commands and scripts on another executor, and measures how long they take.
package struct MeteredRedis: RedisExecutor {
    private let base: any RedisExecutor
    private let commands: Timer
    private let pipelines: Timer
    private let scriptCalls: Timer
    private let scripts: LabeledMetric<Timer>
    private let failures: LabeledMetric<Counter>

    package init(_ base: any RedisExecutor, metrics: any MetricsFactory) {
        self.base = base
        let calls = LabeledMetric<Timer>(.redisCalls, in: metrics)
        (commands, pipelines, scriptCalls) = (calls["command"], calls["pipeline"], calls["script"])
        scripts = LabeledMetric(.redisScripts, in: metrics)
        failures = LabeledMetric(.redisFailures, in: metrics)
    }

    package var connectionsMade: Int { base.connectionsMade }

    package func send(_ command: RedisCommand, timeout: Duration?) async throws -> RESPValue {
        // How long nothing happens says nothing of Redis.
        guard !command.isBlocking else { return try await base.send(command, timeout: timeout) }
        return try await measured(commands) { try await base.send(command, timeout: timeout) }
    }

    package func pipeline(
        _ commands: [RedisCommand],
        timeout: Duration?
    ) async throws -> [Result<RESPValue, RedisError>] {
        try await measured(pipelines) { try await base.pipeline(commands, timeout: timeout) }
    }

    package func eval(
        _ script: RedisScript,
        keys: [String],
        arguments: [any RedisArgumentConvertible],
        timeout: Duration?
    ) async throws -> RESPValue {
        try await measured(scriptCalls, and: scripts[script.name]) {
            try await base.eval(script, keys: keys, arguments: arguments, timeout: timeout)
        }
    }

    package func shutdown() async { await base.shutdown() }

    private func measured<Reply>(
        _ timer: Timer,
        and other: Timer? = nil,
        call: () async throws -> Reply
    ) async throws -> Reply {
        let start = ContinuousClock.now
        do {
            let reply = try await call()
            let elapsed = ContinuousClock.now - start
            timer.record(elapsed)
            other?.record(elapsed)
            return reply
        } catch {
            if let error = error as? RedisError { failures["\(error.code)"].increment() }
            throw error
        }
    }
}
