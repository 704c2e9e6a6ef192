import Model
import RedisClient
import Store
import TestKit
import Testing

@testable import Worker

@Suite("What a worker has open to PMs")
struct PMConnectionPoolTests {
    private let files: TemporaryDirectory

    init() throws {
        files = try TemporaryDirectory()
    }

    private func pool(
        _ store: Store,
        slots: ConnectionSlots = ConnectionSlots(),
        slotDeadline: Duration = .milliseconds(10)
    ) -> PMConnectionPool {
        var settings = LibvirtSettings()
        settings.slotDeadline = slotDeadline
        return PMConnectionPool(
            store: store,
            transferLock: SoleWorker(),
            controlDirectory: files.path,
            settings: settings,
            slots: slots,
            logger: Log().logger
        )
    }

    private func pm(_ number: Int, _ address: String) throws -> PhysicalMachine {
        PhysicalMachine(id: try #require(PMID(number)), listing: PMListing(address: try PMAddress(address)))
    }

    @Test("What leads to a PM that is no longer listed is closed, with the events from there; others stay")
    func unlisted() async throws {
        let server = try await RedisServer.started()
        let store = Store(redis: RedisClient(configuration: server.configuration), keys: Keys())
        let host = try await PrivateLibvirtd.started()
        let pool = pool(store)
        let (one, other) = (try pm(1, host.testURI), try pm(2, host.uri))
        for pm in [one, other] {
            _ = try await store.redis.send(["ZADD", store.keys.pms, 0, pm.id.description])
            _ = try await pool.hypervisor(of: pm).inventory()
        }
        let hypervisor = try #require(try await pool.hypervisor(of: one) as? LibvirtHypervisor)
        let isListening = AsyncStream<Void>.makeStream()
        let watch = Task {
            try await hypervisor.watch {
                isListening.continuation.yield()
            } change: { _ in
            }
        }
        for await _ in isListening.stream { break }
        await pool.closeUnlisted()
        #expect(await pool.pms == [one.id, other.id])
        #expect(hypervisor.connections.count == 1)

        _ = try await store.redis.send(["ZREM", store.keys.pms, one.id.description])
        await pool.closeUnlisted()
        #expect(await pool.pms == [other.id])
        #expect(hypervisor.connections.count == 0)
        #expect(try await watch.value, "the stream of events ended")
        // A job that goes on there is served all the same, and leaves nothing open.
        _ = try await hypervisor.inventory()
        #expect(hypervisor.connections.count == 0)
        await store.redis.shutdown()
    }

    @Test("Where Redis does not answer, nothing is closed")
    func redisAway() async throws {
        let redis = RedisClient(configuration: RedisConfiguration(endpoint: .unixSocket(path: files.file("none"))))
        let pool = pool(Store(redis: redis, keys: Keys()))
        _ = try await pool.hypervisor(of: try pm(1, "test+unix:///default?socket=\(files.file("nobody"))"))
        await pool.closeUnlisted()
        #expect(await pool.pms.count == 1)
        await redis.shutdown()
    }

    @Test("Where the process may open no more connections, a call fails and says nothing of the PM")
    func noSlot() async throws {
        let host = try await PrivateLibvirtd.started()
        let redis = RedisClient(configuration: RedisConfiguration(endpoint: .unixSocket(path: files.file("none"))))
        let slots = ConnectionSlots(limit: 1, fullText: "raise the limit")
        let pool = pool(Store(redis: redis, keys: Keys()), slots: slots)
        let (one, other) = (try pm(1, host.testURI), try pm(2, host.uri))
        _ = try await pool.hypervisor(of: one).inventory()
        let failure = await #expect(throws: Failure.self) { try await pool.hypervisor(of: other).inventory() }
        #expect(failure?.code == .workerBusy && failure?.message.contains("raise the limit") == true)
        #expect(failure?.code.isPMFault == false && failure?.code.leavesJobAsItIs == true)
        // It has one connection, and does with that.
        let hypervisor = try await pool.hypervisor(of: one)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<5 { group.addTask { _ = try await hypervisor.contents() } }
            try await group.waitForAll()
        }
        await redis.shutdown()
    }

    @Test("A connection that nobody uses makes room for one that is needed", .timeLimit(.minutes(1)))
    func room() async throws {
        let host = try await PrivateLibvirtd.started()
        let redis = RedisClient(configuration: RedisConfiguration(endpoint: .unixSocket(path: files.file("none"))))
        let slots = ConnectionSlots(limit: 1)
        let pool = pool(Store(redis: redis, keys: Keys()), slots: slots, slotDeadline: .seconds(30))
        let run = Task { await pool.run() }
        for number in 1...4 {
            _ = try await pool.hypervisor(of: try pm(number, number % 2 == 0 ? host.uri : host.testURI)).inventory()
        }
        run.cancel()
        await run.value
        await redis.shutdown()
    }
}
