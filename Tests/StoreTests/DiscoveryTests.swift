import Model
import RedisClient
import Store
import TestKit
import Testing

@Suite("Discovery in the store")
struct DiscoveryTests {
    @Test("A PM is due at once, then one worker's, then due again after its period")
    func schedule() async throws {
        try await StoreFixture.with(machines: ["a", "b"]) { (fixture) async throws in
            let store = fixture.store
            let first = try await store.takeDueProbes(limit: 10, deadline: .seconds(60))
            #expect(first.probes.map(\.pm.value) == [1, 2])
            let second = try await store.takeDueProbes(limit: 10, deadline: .seconds(60))
            #expect(second.probes.isEmpty)
            let next = try #require(second.next)
            #expect(next > .seconds(50) && next <= .seconds(60))
            try await store.record(DiscoveryReport(state: .unknown, reason: "silent"), of: 1.identifier(), next: .zero)
            let third = try await store.takeDueProbes(limit: 10, deadline: .seconds(60))
            #expect(third.probes.map(\.pm.value) == [1])
            #expect(third.probes.first?.isDown == true)
        }
    }

    @Test("A probe that measured nothing keeps the older figures with their time, and says why")
    func silence() async throws {
        try await StoreFixture.with { (fixture) async throws in
            let capacity = Resources(cpu: 4, ram: 4096, disk: 10)
            try await fixture.up(1, capacity)
            let measured = try await fixture.field("hvc:pm:1", "measured_at")
            let report = DiscoveryReport(state: .unknown, reason: "ssh: timed out")
            try await fixture.store.record(report, of: 1.identifier(), next: .seconds(60))
            let machine = try #require(try await fixture.store.machine(1.identifier()))
            #expect(machine.state == .unknown && !machine.takesVMs)
            #expect(machine.measure?.capacity == capacity)
            #expect(try await fixture.field("hvc:pm:1", "measured_at") == measured)
            #expect(try await fixture.field("hvc:pm:1", "reason") == "ssh: timed out")
        }
    }

    @Test("A PM that changed is published to those who know an older fleet, and only to those")
    func versions() async throws {
        try await StoreFixture.with(machines: ["a", "b"]) { (fixture) async throws in
            let store = fixture.store
            let all = try await store.poll(since: .start, limit: 1)
            #expect(all.changed.map(\.id.value) == [1, 2])
            #expect(try await store.poll(since: all.position, limit: 1).changed.isEmpty)
            try await fixture.up(2, Resources(cpu: 1, ram: 1, disk: 1))
            let changed = try await store.poll(since: all.position, limit: 1)
            #expect(changed.changed.map(\.id.value) == [2] && !changed.isReset)
            _ = try await store.redis.send(["FLUSHALL"])
            let reset = try await store.poll(since: changed.position, limit: 1)
            #expect(reset.isReset && reset.changed.isEmpty)
        }
    }
}
