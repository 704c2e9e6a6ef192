import ArgumentParser
import Bootstrap
import Foundation
import Logging
import Model
import RedisClient
import Store

/// `hvc-worker trace`: writes what was asked for, for a replay.
struct TraceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace",
        abstract: "Writes what was asked for within the last week, for hvc-worker replay.",
        discussion: """
            A line a job, as it stood on the queue, in the order in which they were accepted, and {"kind":"gone"} where a \
            create failed or a hold was over. It takes the same environment \
            variables as the worker, and may run beside workers.
            """
    )

    func run() async throws {
        try await Program.reportingFailures(as: "hvc-worker") {
            let lines = try await ReplaySource.withStore { (store) async throws(Failure) in try await store.trace() }
            print(lines.map { $0 + "\n" }.joined(), terminator: "")
        }
    }
}

/// What replays read of an installation.
enum ReplaySource {
    /// Runs a body on the installation's Redis.
    static func withStore<Value>(_ body: (Store) async throws(Failure) -> Value) async throws(Failure) -> Value {
        var reader = SettingsReader(environment: ProcessInfo.processInfo.environment)
        let common = CommonSettings(from: &reader)
        do throws(InvalidInput) { try reader.finish() } catch { throw error.failure }
        let logger = Program.logger(label: "hvc-worker", level: max(common.logLevel, .notice))
        defer { Program.logWriter.flush() }
        let redis = common.makeRedisClient(name: "hvc-replay", waitForConnection: .seconds(2), logger: logger)
        let result: Result<Value, Failure>
        do throws(Failure) {
            result = .success(try await body(Store(redis: redis, keys: Keys(prefix: common.prefix))))
        } catch {
            result = .failure(error)
        }
        await redis.shutdown()
        return try result.get()
    }
}
