import Logging
import NIOConcurrencyHelpers
import RedisClient
import Store
import TestKit
import Testing

@testable import Worker

@Suite("A task that one worker alone does", .timeLimit(.minutes(1)))
struct SoleTaskRunnerTests {
    private static let lease = Duration.milliseconds(400)

    /// Who does the task, and how many did it at once at most.
    private struct Record {
        var doing: Set<String> = []
        var most = 0
        var turns: [String] = []
    }

    private let record = NIOLockedValueBox(Record())

    private func start(_ holder: String, _ store: Store) -> Task<Void, Never> {
        let runner = SoleTaskRunner(
            .webhooks,
            store: store,
            holder: holder,
            lease: Self.lease,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        return Task { [record] in
            await runner.run {
                record.withLockedValue {
                    $0.doing.insert(holder)
                    $0.most = max($0.most, $0.doing.count)
                    $0.turns.append(holder)
                }
                // A cancelled sleep ends it.
                try? await Task.sleep(for: .seconds(3600))
                _ = record.withLockedValue { $0.doing.remove(holder) }
            }
        }
    }

    private func with(_ body: (RedisServer, Store) async throws -> Void) async throws {
        let server = try await RedisServer.started()
        let store = Store(redis: RedisClient(configuration: server.configuration))
        let result: Result<Void, any Error>
        do { result = .success(try await body(server, store)) } catch { result = .failure(error) }
        await store.redis.shutdown()
        try await server.stop()
        try result.get()
    }

    private func isDone(by holder: String) -> Bool { record.withLockedValue { $0.doing == [holder] } }

    @Test("One does it; another goes on when that one stops, and at once")
    func handedOn() async throws {
        try await with { (_, store) async throws in
            let first = start("a", store)
            try await eventually("the first to begin") { isDone(by: "a") }
            let others = ["b", "c"].map { start($0, store) }
            // Longer than a lease, which is kept meanwhile.
            try await eventually("the lease to be kept") {
                try await store.redis.send(["INCR", "turns"]).int ?? 0 > 40
            }
            #expect(isDone(by: "a"))
            first.cancel()
            await first.value
            try await eventually("another one to go on", deadline: .seconds(2)) { isDone(by: "b") || isDone(by: "c") }
            for other in others {
                other.cancel()
                await other.value
            }
            #expect(record.withLockedValue { $0.most == 1 && $0.turns.count >= 2 })
            #expect(try await store.redis.send(["EXISTS", "hvc:lock:webhooks"]).int == 0)
        }
    }

    @Test("One whose right another has, or who cannot ask for longer than it lasts, stops")
    func lost() async throws {
        try await with { (server, store) async throws in
            let first = start("a", store)
            try await eventually("the first to begin") { isDone(by: "a") }
            _ = try await store.redis.send(["SET", "hvc:lock:webhooks", "other", "PX", "500"])
            try await eventually("it to stop") { record.withLockedValue { $0.doing.isEmpty } }
            try await eventually("it to begin again when the other is gone") { isDone(by: "a") }
            try await server.kill9()
            try await eventually("it to stop") { record.withLockedValue { $0.doing.isEmpty } }
            first.cancel()
            await first.value
        }
    }
}
