import Logging
import Model
import RedisClient
import Store
import TestKit
import Testing

@Suite("Numbers are given once")
struct NumberTests {
    /// As after a FLUSHALL that was noticed: the files are registered again, and all PMs were probed.
    private func refill(_ fixture: StoreFixture) async throws {
        _ = try await fixture.store.register(machines: [PMListing(address: try PMAddress("host1"))])
        _ = try await fixture.store.register(types: [Resources(cpu: 1, ram: 512, disk: 1)])
        _ = try await fixture.store.register(images: [StoreFixture.image])
        _ = try await fixture.store.redis.send(["HSETNX", "hvc:counters", "ready_at", "then"])
    }

    @Test("A Redis that was emptied gives no number again that the one who asks has been given")
    func emptied() async throws {
        try await StoreFixture.with { (fixture) async throws in
            for _ in 1...3 { _ = try await fixture.create() }
            let last = try await fixture.store.enqueueDestroy(1.identifier(), request: "")
            _ = try await fixture.store.redis.send(["FLUSHALL"])
            try await refill(fixture)
            let next = try await fixture.create()
            #expect(next.vm.value == 4 && next.job > last.job)
        }
    }

    @Test("Nor one that another was given while this one followed the events")
    func seenInEvents() async throws {
        try await StoreFixture.with { (fixture) async throws in
            let other = Store(redis: RedisClient(configuration: fixture.server.configuration))
            let feed = EventFeed(store: other, logger: Logger(label: "test"))
            let following = Task { await feed.run() }
            let signals = feed.signals()
            let vm = 7_000
            // The feed begins at the stream's end, whenever that is.
            let knocking = Task {
                while !Task.isCancelled {
                    _ = try await fixture.store.redis.send([
                        "XADD", "hvc:events", "*", "type", "job.started", "job", "9000", "vm", vm,
                    ])
                    try await Task.sleep(for: .milliseconds(20))
                }
            }
            try await within(.seconds(20), "an event") { for await _ in signals { return } }
            knocking.cancel()
            _ = await knocking.result
            _ = try await fixture.store.redis.send(["FLUSHALL"])
            try await refill(fixture)
            let next = try await other.enqueueCreate(
                name: "a",
                type: 1.identifier(),
                image: 100.identifier(),
                request: ""
            )
            #expect(next.vm.value == vm + 1 && next.job.value == 9_001)
            following.cancel()
            await following.value
            await other.redis.shutdown()
        }
    }

    @Test(
        "Counters that were deleted go on above what the records show, for one who has seen nothing",
        arguments: [["DEL", "hvc:counters"], ["HDEL", "hvc:counters", "vm", "job"]]
    )
    func countersDeleted(_ deletion: [String]) async throws {
        try await StoreFixture.with { (fixture) async throws in
            for _ in 1...3 { _ = try await fixture.create() }
            let destroy = try await fixture.store.enqueueDestroy(2.identifier(), request: "")
            _ = try await fixture.store.redis.send(
                RedisCommand(deletion[0], arguments: deletion[1...].map(\.redisArgument))
            )
            try await refill(fixture)
            let other = Store(redis: fixture.store.redis)
            let next = try await other.enqueueCreate(
                name: "a",
                type: 1.identifier(),
                image: 100.identifier(),
                request: ""
            )
            #expect(next.vm.value > 3 && next.job > destroy.job)
        }
    }

    @Test(
        "A fleet is known as before where the counters were deleted, and a plan of before is not refused for its version"
    )
    func versionsDeleted() async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.up(1, Resources(cpu: 2, ram: 1024, disk: 2))
            var cache = FleetCache()
            cache.update(by: try await fixture.store.poll(since: .start, limit: 0))
            let before = cache.position
            _ = try await fixture.create()
            _ = try await fixture.store.redis.send(["DEL", "hvc:counters"])
            let (snapshot, outcome) = try await fixture.takeAll()
            #expect(snapshot.changed.count == 1 && snapshot.position.version >= before.version)
            #expect(outcome.stop == .complete && outcome.results.count == 1)
            #expect(try await fixture.field("hvc:vm:1", "pm") == "1")
            let version = try #require(try await fixture.field("hvc:counters", "fleet").flatMap { Int($0) })
            #expect(version > before.version)
        }
    }
}
