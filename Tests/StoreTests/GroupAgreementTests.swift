import Model
import Placement
import RedisClient
import Store
import TestKit
import Testing

/// The claim script keeps groups' rules as the plan does: the same random cases go through both.
@Suite("Groups, by the script and by the plan")
struct GroupAgreementTests {
    private static let rules: [String: GroupRule] = [
        "a": .antiAffinity, "b": .affinity, "c": .spread, "d": .antiAffinity,
    ]

    @Test("A claim is taken exactly where the plan says that the PM does, whatever was claimed before")
    func agreement() async throws {
        try await StoreFixture.with { (fixture) async throws in
            var generator = SystemRandomNumberGenerator()
            let pms = try await machines(4, fixture)
            var (taken, refused) = (0, 0)
            for _ in 1...120 {
                _ = try await fixture.store.redis.send(["DEL", "hvc:queue", "hvc:queue:returned"])
                let groups = Self.rules.filter { _ in Bool.random(using: &generator) }
                let pm = try #require(pms.randomElement(using: &generator))
                _ = try await fixture.store.enqueueCreate(
                    name: "a",
                    type: 1.identifier(),
                    image: 100.identifier(),
                    constraints: PlacementConstraints(pm: pm, groups: groups),
                    request: ""
                )
                let snapshot = try await fixture.store.poll(since: .start, limit: 1)
                let entry = try #require(snapshot.lines.first?.entry)
                let request = PlacementRequest(
                    vm: entry.vm,
                    needs: entry.needs,
                    constraints: try #require(entry.constraints)
                )
                let decision = try #require(plan([request], on: FleetSnapshot(snapshot.changed), by: .seed).first)
                let outcome = try await fixture.store.claim(
                    [(snapshot.lines[0], .place(pm, decision.explanation))],
                    headroomVersion: snapshot.headroomVersion,
                    worker: "w",
                    lease: .seconds(9)
                )
                let isTaken = outcome.stop == .complete
                #expect(isTaken == (decision.machine == pm), "\(groups) on PM \(pm): \(decision)")
                if isTaken { taken += 1 } else { refused += 1 }
                // Now and then one goes again, and its groups have one less.
                if isTaken, Int.random(in: 0..<3, using: &generator) == 0 {
                    try await end(entry, outcome, fixture)
                }
            }
            #expect(taken > 5 && refused > 5, "\(taken) taken, \(refused) refused")
        }
    }

    private func machines(_ count: Int, _ fixture: StoreFixture) async throws -> [PMID] {
        let pms = try await fixture.store.register(
            machines: try (1...count).map { PMListing(address: try PMAddress("host\($0)")) }
        )
        let capacity = Resources(cpu: 1000, ram: 1_000_000, disk: 1000)
        let report = DiscoveryReport(state: .up, measure: PMMeasure(capacity: capacity, available: capacity))
        for pm in pms { try await fixture.store.record(report, of: pm, next: .seconds(60)) }
        return pms
    }

    private func end(_ entry: QueueEntry, _ outcome: ClaimOutcome, _ fixture: StoreFixture) async throws {
        guard case .started(let epoch, _, _) = outcome.results.first else { throw TestKitError("\(outcome)") }
        let failure = Failure(.hypervisor, "as the test wants it")
        #expect(
            try await fixture.store.finish(Lease(job: entry.job, epoch: epoch), by: "w", JobEnding(failure: failure))
        )
    }
}
