import EmbeddedRedis
import Logging
import Model
import NIOConcurrencyHelpers
import Placement
import RedisClient
import ServiceLifecycleTestKit
import Store
import TestKit

@testable import Worker

/// An intake on a Redis in memory, whose jobs stand still at a gate.
final class IntakeSite: Sendable {
    let redis = FaultyRedis()
    let store: Store
    let clock = ManualClock()
    let wake = WakeSignal()
    let gate = Gate()
    private let intake: Intake
    private let trigger = NIOLockedValueBox<GracefulShutdownTestTrigger?>(nil)
    private let end = NIOLockedValueBox(false)

    static let grace = Duration.seconds(7)
    private static let capacity = Resources(cpu: 40, ram: 40_960, disk: 100)

    /// Runs an intake while a body runs.
    static func with(
        pms: Int = 1,
        unprobed: Set<Int> = [],
        slots: Int = 1,
        _ body: (IntakeSite) async throws -> Void
    ) async throws {
        let site = try IntakeSite(slots: slots)
        try await site.fill(pms: pms, unprobed: unprobed)
        let run = Task { await site.run() }
        let result: Result<Void, any Error>
        do { result = .success(try await body(site)) } catch { result = .failure(error) }
        site.gate.open()
        run.cancel()
        await run.value
        try result.get()
    }

    private init(slots: Int) throws {
        store = Store(redis: redis)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let leases = LeaseKeeper(
            store: store,
            worker: WorkerRecord(name: "w", instance: "1", settings: [:], fields: [:]),
            duration: .seconds(15),
            clock: clock,
            logger: logger
        )
        let hypervisor = FakeHypervisor { [gate] name in
            // One step of each job, of a create not the last.
            if name == "disk" || name == "remove" { await gate.pass() }
        }
        let runner = Runner(
            store: store,
            drivers: hypervisor,
            leases: leases,
            worker: "w",
            clock: clock,
            fraction: { 0.5 },
            logger: logger
        )
        intake = Intake(
            store: store,
            worker: "w",
            slots: slots,
            policy: .seed,
            lease: .seconds(15),
            wake: wake,
            runner: runner,
            grace: Self.grace,
            clock: clock,
            logger: logger
        )
    }

    private func fill(pms: Int, unprobed: Set<Int>) async throws {
        _ = try await store.register(machines: (1...pms).map { PMListing(address: try PMAddress("host\($0)")) })
        _ = try await store.register(types: [
            Resources(cpu: 1, ram: 512, disk: 1), Resources(cpu: 4, ram: 2048, disk: 4),
        ])
        let facts = ImageRegistration.Facts(format: .qcow2, fileBytes: 1, diskBytes: 1, fingerprint: "a")
        _ = try await store.register(images: [ImageRegistration(path: "/a", name: "a", facts: facts)])
        _ = redis.memory.run(["HSET", "hvc:counters", "ready_at", "then"])
        for pm in 1...pms where !unprobed.contains(pm) { try await probe(pm) }
    }

    private func run() async {
        await testGracefulShutdown { trigger in
            self.trigger.withLockedValue { $0 = trigger }
            try? await intake.run()
        }
        end.withLockedValue { $0 = true }
    }

    // MARK: - What happens

    /// As SIGTERM would.
    func stop() { trigger.withLockedValue { $0 }?.triggerGracefulShutdown() }

    func create(on pm: Int? = nil, type: Int = 1, roomWait: Duration? = nil) async throws {
        _ = try await store.enqueueCreate(
            name: "a",
            type: Self.id(type),
            image: Self.id(100),
            constraints: PlacementConstraints(pm: try pm.map { try Self.id($0) }),
            roomWait: roomWait,
            request: ""
        )
    }

    func createBatch(_ count: Int, roomWait: Duration? = nil) async throws {
        let vms = try Batch.names("b", count: count).map {
            BatchCreate(name: $0, type: try Self.id(1), image: try Self.id(100))
        }
        _ = try await store.enqueueBatch(vms, isAtomic: true, roomWait: roomWait, request: "")
    }

    func probe(_ pm: Int, _ capacity: Resources = IntakeSite.capacity) async throws {
        let measure = PMMeasure(capacity: capacity, available: capacity)
        try await store.record(DiscoveryReport(state: .up, measure: measure), of: Self.id(pm), next: .seconds(60))
    }

    /// Waits until the loop waits for a signal.
    func rests() async throws { try await eventually("the loop to rest") { clock.sleeps == [.seconds(5)] } }

    // MARK: - What is there

    var hasEnded: Bool { end.withLockedValue { $0 } }

    /// How many jobs came to the gate.
    var entered: Int { gate.count }

    func field(_ key: String, _ field: String) -> String? { redis.memory.run(["HGET", key, field]).string }

    func state(of job: JobID) -> String? { field("hvc:job:\(job)", "state") }

    /// How many jobs are in a state.
    func jobs(_ state: String) -> Int { (1...9).count { field("hvc:job:\($0)", "state") == state } }

    static func id<Entity>(_ number: Int) throws -> Identifier<Entity> {
        guard let id = Identifier<Entity>(number) else { throw Failure(.internalFault, "\(number) is no number") }
        return id
    }
}

/// Where jobs stand until they are let through, or cancelled.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var count = 0
        var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
        var cancelled: Set<Int> = []
    }

    private let state = NIOLockedValueBox(State())

    /// How many came.
    var count: Int { state.withLockedValue(\.count) }

    func pass() async {
        let number = state.withLockedValue { state in
            state.count += 1
            return state.count
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let passes = state.withLockedValue { state in
                    if state.isOpen || state.cancelled.remove(number) != nil { return true }
                    state.waiting[number] = continuation
                    return false
                }
                if passes { continuation.resume() }
            }
        } onCancel: {
            let waiting = state.withLockedValue { state in
                let waiting = state.waiting.removeValue(forKey: number)
                if waiting == nil { state.cancelled.insert(number) }
                return waiting
            }
            waiting?.resume()
        }
    }

    /// Lets those through that have waited longest.
    func letThrough(_ count: Int) {
        let first = state.withLockedValue { state in
            let numbers = state.waiting.keys.sorted().prefix(count)
            return numbers.compactMap { state.waiting.removeValue(forKey: $0) }
        }
        for continuation in first { continuation.resume() }
    }

    /// Lets everybody through from now on.
    func open() {
        state.withLockedValue { $0.isOpen = true }
        letThrough(.max)
    }
}

/// A Redis in memory whose calls can be made to fail, and whose scripts to answer otherwise.
final class FaultyRedis: RedisExecutor {
    private struct State {
        var failures = 0
        var answers: [String: RESPValue] = [:]
        var calls: [String: Int] = [:]
    }

    let memory = EmbeddedRedis()
    private let state = NIOLockedValueBox(State())

    var connectionsMade: Int { 1 }

    /// Has the next calls of scripts fail.
    func fail(_ count: Int) { state.withLockedValue { $0.failures = count } }

    /// Has a script give an answer without running; nil for its own.
    func answer(_ script: String, _ answer: RESPValue?) { state.withLockedValue { $0.answers[script] = answer } }

    /// How often a script was called.
    func calls(_ script: String) -> Int { state.withLockedValue { $0.calls[script, default: 0] } }

    func send(_ command: RedisCommand, timeout: Duration?) async throws -> RESPValue {
        try await memory.send(command, timeout: timeout)
    }

    func pipeline(_ commands: [RedisCommand], timeout: Duration?) async throws -> [Result<RESPValue, RedisError>] {
        try await memory.pipeline(commands, timeout: timeout)
    }

    func eval(
        _ script: RedisScript,
        keys: [String],
        arguments: [any RedisArgumentConvertible],
        timeout: Duration?
    ) async throws -> RESPValue {
        let (fails, answer) = state.withLockedValue { state in
            state.calls[script.name, default: 0] += 1
            defer { state.failures = max(0, state.failures - 1) }
            return (state.failures > 0, state.answers[script.name])
        }
        if fails { throw RedisError(.notConnected, "as the test has it") }
        if let answer { return answer }
        return try await memory.eval(script, keys: keys, arguments: arguments, timeout: timeout)
    }

    func shutdown() async {}
}
