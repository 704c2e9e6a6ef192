import Model
import Placement
import RedisClient
import Store
import TestKit
import Testing

/// The claim script counts a PM's room as the model does: the same random cases go through both.
@Suite("Room, by the script and by the model")
struct RoomAgreementTests {
    @Test("A claim is taken exactly where the model says that it fits")
    func agreement() async throws {
        try await StoreFixture.with { (fixture) async throws in
            var generator = SystemRandomNumberGenerator()
            for _ in 1...200 {
                let machine = try await randomMachine(&generator, fixture)
                let peek = try await oneEntry(fixture)
                let fits = machine.takesVMs && Resources(cpu: 1, ram: 512, disk: 1).fits(in: machine.free)
                let explanation = try #require(
                    plan([PlacementRequest(vm: 1.identifier(), needs: .zero)], on: FleetSnapshot(), by: .seed).first
                ).explanation
                let outcome = try await fixture.store.claim(
                    [(peek.lines[0], .place(1.identifier(), explanation))],
                    roomVersion: peek.roomVersion,
                    worker: "w",
                    lease: .seconds(9)
                )
                #expect((outcome.stop == .complete) == fits, "\(machine)")
            }
        }
    }

    private func randomMachine(
        _ generator: inout SystemRandomNumberGenerator,
        _ fixture: StoreFixture
    ) async throws -> PhysicalMachine {
        func amount(_ limit: Int) -> Int { .random(in: 0...limit, using: &generator) }
        func some(_ cpu: Int, _ ram: Int, _ disk: Int) -> Resources {
            Resources(cpu: amount(cpu), ram: amount(ram), disk: amount(disk))
        }
        let ratios = [0.5, 1, 1.15, 1.5, 3]
        let overcommit = Overcommit(
            cpu: ratios[amount(4)],
            ram: ratios[amount(4)],
            disk: ratios[amount(4)]
        )
        _ = try await fixture.store.register(machines: [
            PMListing(address: try PMAddress("host1"), overcommit: overcommit, reserve: some(1, 400, 1))
        ])
        let claimed = some(3, 1500, 3)
        let fields = ["claimed_cpu": claimed.cpu, "claimed_ram": claimed.ram, "claimed_disk": claimed.disk]
        for (field, value) in fields { _ = try await fixture.store.redis.send(["HSET", "hvc:pm:1", field, value]) }
        let measure = PMMeasure(
            capacity: some(4, 3000, 6),
            available: some(6, 4000, 8),
            foreign: some(1, 500, 1),
            claimed: some(3, 1500, 3)
        )
        try await fixture.store.record(
            DiscoveryReport(state: amount(9) == 0 ? .degraded : .up, measure: measure),
            of: 1.identifier(),
            next: .seconds(60)
        )
        return try #require(try await fixture.store.machine(1.identifier()))
    }

    /// The queue with one create and nothing else.
    private func oneEntry(_ fixture: StoreFixture) async throws -> Peek {
        _ = try await fixture.store.redis.send(["DEL", "hvc:queue"])
        _ = try await fixture.create()
        return try await fixture.store.peek(since: .start, limit: 1)
    }
}
