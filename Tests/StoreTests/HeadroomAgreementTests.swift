import Model
import Placement
import RedisClient
import TestKit
import Testing

@testable import Store

/// The claim script computes a PM's headroom as the model does: the same random cases go through both.
@Suite("Room, by the script and by the model")
struct HeadroomAgreementTests {
    @Test("A claim is taken exactly where the model says that it fits")
    func agreement() async throws {
        try await StoreFixture.with { (fixture) async throws in
            var generator = SystemRandomNumberGenerator()
            for _ in 1...200 {
                let machine = try await randomMachine(&generator, fixture)
                let snapshot = try await oneEntry(fixture)
                let fits = machine.takesVMs && Resources(cpu: 1, ram: 512, disk: 1).fits(in: machine.headroom)
                let explanation = try #require(
                    plan([PlacementRequest(vm: 1.identifier(), needs: .zero)], on: FleetSnapshot(), by: .seed).first
                ).explanation
                let outcome = try await fixture.store.claim(
                    [(snapshot.lines[0], .place(1.identifier(), explanation))],
                    headroomVersion: snapshot.headroomVersion,
                    worker: "w",
                    lease: .seconds(9)
                )
                #expect((outcome.stop == .complete) == fits, "\(machine)")
            }
        }
    }

    @Test("The script's numbers are the model's, in thousands of seeded cases")
    func numbers() async throws {
        try await StoreFixture.with { (fixture) async throws in
            // The shipped arithmetic, asked of many PMs at once.
            let script = StoreScript(
                "headroom_of",
                Array(
                    """
                    -- Returns the headroom of PMs.
                    --
                    -- ARGV pms...  the PMs
                    --
                    -- needs: headroom

                    local found = {}
                    for i = pms, #ARGV do found[#found + 1] = headroom_in(read_headroom(ARGV[i])) or {} end
                    return found
                    """.utf8
                )
            )
            var random = SplitMix64(seed: 20_261_127)
            for round in 0..<10 {
                let records = (1...500).map { Self.record(round * 500 + $0, &random) }
                let results = try await fixture.store.redis.pipeline(
                    records.map { record in
                        let fields = record.flatMap { [$0.key, $0.value] }
                        return RedisCommand(
                            "HSET",
                            arguments: (["hvc:pm:\(record["id"] ?? "")"] + fields).map(\.redisArgument)
                        )
                    },
                    timeout: nil
                )
                for result in results { _ = try result.get() }
                let found: [[Int]] = try await fixture.store.run(script, [:], more: records.map { $0["id"] ?? "" })
                for (record, numbers) in zip(records, found) {
                    let machine = try PhysicalMachine(record: record)
                    let free = machine.headroom
                    #expect(numbers == (machine.takesVMs ? [free.cpu, free.ram, free.disk] : []), "\(record)")
                }
            }
        }
    }

    /// A PM's record with figures of every size, some of them missing.
    private static func record(_ id: Int, _ random: inout SplitMix64) -> [String: String] {
        func below(_ limit: Int) -> Int { random.number(0...max(0, limit - 1)) }
        var record = ["id": "\(id)", "address": "host\(id)", "uri": "test:///\(id)", "pool": "p"]
        record["state"] = below(9) == 0 ? "degraded" : "up"
        record["listed"] = below(19) == 0 ? "0" : "1"
        record["cordoned"] = below(9) == 0 ? "1" : "0"
        let ratios = ["0.5", "1", "1.1", "1.15", "1.3", "1.5", "2.7", "3", "16", "0.001", "99.99"]
        let sizes = [1, 7, 64, 4096, 1_000_003, 1 << 30]
        let isMeasured = below(19) != 0
        let hasClaims = below(3) != 0
        for name in ["cpu", "ram", "disk"] {
            let size = sizes[below(sizes.count)]
            record["overcommit_\(name)"] = ratios[below(ratios.count)]
            record["reserve_\(name)"] = "\(below(3) == 0 ? below(size / 4 + 1) : 0)"
            if hasClaims { record["claimed_\(name)"] = "\(below(size * 2))" }
            guard isMeasured else { continue }
            record[name] = "\(below(size + 1))"
            record["available_\(name)"] = "\(below(size + 1))"
            record["foreign_\(name)"] = "\(below(size / 2 + 1))"
            record["measured_claimed_\(name)"] = "\(below(size + 1))"
        }
        return record
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
    private func oneEntry(_ fixture: StoreFixture) async throws -> QueueSnapshot {
        _ = try await fixture.store.redis.send(["DEL", "hvc:queue", "hvc:queue:returned"])
        _ = try await fixture.create()
        return try await fixture.store.poll(since: .start, limit: 1)
    }
}
