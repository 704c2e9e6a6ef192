import Model
import RedisClient
import Store
import TestKit
import Testing

@Suite("PMs that some workers reach and others do not")
struct ReachTests {
    private let window = Duration.seconds(90)

    private func withWorkers(_ names: [String], _ body: (StoreFixture) async throws -> Void) async throws {
        try await StoreFixture.with { (fixture) async throws in
            for name in names { try await announce(fixture, name) }
            try await body(fixture)
        }
    }

    private func announce(_ fixture: StoreFixture, _ name: String) async throws {
        let time = try await fixture.now()
        _ = try await fixture.store.redis.send(["HSET", "hvc:worker:\(name)", "name", name])
        _ = try await fixture.store.redis.send(["ZADD", "hvc:workers", "\(time)", name])
    }

    private func look(_ fixture: StoreFixture, by worker: String, _ state: PMState) async throws -> RecordedState? {
        let amount = Resources(cpu: 4, ram: 4096, disk: 10)
        return try await fixture.store.record(
            DiscoveryReport(
                state: state,
                reason: state == .up ? "" : "ssh: \(worker)'s key is refused",
                measure: state == .up ? PMMeasure(capacity: amount, available: amount) : nil
            ),
            of: try 1.identifier(),
            next: .seconds(60),
            by: worker,
            reachedWithin: window
        )
    }

    private func due(_ fixture: StoreFixture, _ worker: String) async throws -> Bool {
        let due = try await fixture.store.takeDueProbes(limit: 4, deadline: .seconds(60), by: worker)
        // Who leaves a PM to others asks again soon, and not at once.
        if due.probes.isEmpty { #expect(try #require(due.next) >= .milliseconds(500)) }
        return !due.probes.isEmpty
    }

    @Test("One worker's failure is noted, and changes nothing that another one found; the PM is that one's to probe")
    func oneFails() async throws {
        try await withWorkers(["a", "b"]) { (fixture) async throws in
            #expect(try await look(fixture, by: "b", .up)?.state == .up)
            let recorded = try await look(fixture, by: "a", .unknown)
            #expect(recorded?.state == .up && recorded?.isReachedElsewhere == true)
            let status = try #require(try await fixture.store.machineStatus(1.identifier()))
            #expect(status.machine.takesVMs && status.reason.isEmpty)
            #expect(status.unreached.keys.sorted() == ["a"])
            #expect(status.unreached["a"]?.contains("a's key is refused") == true)
            #expect(try await fixture.store.isReached(1.identifier(), byOtherThan: "a"))
            #expect(try await !fixture.store.isReached(1.identifier(), byOtherThan: "b"))
            #expect(try await !due(fixture, "a"))
            #expect(try await due(fixture, "b"))
            // The note goes by itself, and with a success.
            #expect(try await fixture.store.redis.send(["PTTL", "hvc:pm:1:unreached"]).int.map { $0 > 80_000 } == true)
            _ = try await look(fixture, by: "a", .up)
            #expect(try await fixture.store.machineStatus(1.identifier())?.unreached.isEmpty == true)
        }
    }

    @Test("A PM that each worker has tried in vain is unknown")
    func allFail() async throws {
        try await withWorkers(["a", "b"]) { (fixture) async throws in
            _ = try await look(fixture, by: "b", .up)
            _ = try await look(fixture, by: "a", .degraded)
            let recorded = try await look(fixture, by: "b", .unknown)
            #expect(recorded?.state == .unknown && recorded?.reason.contains("b's key") == true)
            #expect(try await !fixture.store.isReached(1.identifier(), byOtherThan: "a"))
            // Nobody is left to leave it to, so it waits for its period.
            _ = try await fixture.store.redis.send(["ZADD", "hvc:discovery", "0", "1"])
            #expect(try await due(fixture, "a"))
        }
    }

    @Test("A PM that was never up is unknown with the reason, and due at once for who has not tried")
    func firstLook() async throws {
        try await withWorkers(["a", "b"]) { (fixture) async throws in
            #expect(try await look(fixture, by: "a", .unknown)?.state == .unknown)
            #expect(try await !due(fixture, "a"))
            #expect(try await due(fixture, "b"))
            #expect(try await look(fixture, by: "b", .up)?.state == .up)
        }
    }

    @Test("A worker that is alone, one whose companion died, and one whose companion's success is old, are believed")
    func alone() async throws {
        try await withWorkers(["a"]) { (fixture) async throws in
            _ = try await look(fixture, by: "a", .up)
            #expect(try await look(fixture, by: "a", .unknown)?.state == .unknown)
            _ = try await look(fixture, by: "b", .up)
            #expect(try await look(fixture, by: "a", .unknown)?.state == .unknown)
            try await announce(fixture, "b")
            _ = try await look(fixture, by: "b", .up)
            _ = try await fixture.store.redis.send(["HSET", "hvc:pm:1", "reached_at", "2020-01-01T00:00:00.000Z"])
            #expect(try await look(fixture, by: "a", .unknown)?.state == .unknown)
        }
    }

    @Test("Of many due PMs a worker takes those that it reaches, past those that it leaves")
    func past() async throws {
        try await StoreFixture.with(machines: (1...40).map { "host\($0)" }) { (fixture) async throws in
            for name in ["a", "b"] { try await announce(fixture, name) }
            for pm in 1...38 {
                _ = try await fixture.store.redis.send(["HSET", "hvc:pm:\(pm):unreached", "a", "then why"])
            }
            let taken = try await fixture.store.takeDueProbes(limit: 4, deadline: .seconds(60), by: "a").probes
            #expect(Set(taken.map(\.pm.value)) == [39, 40])
            #expect(
                try await fixture.store.takeDueProbes(limit: 99, deadline: .seconds(60), by: "b").probes.count == 38
            )
        }
    }
}
