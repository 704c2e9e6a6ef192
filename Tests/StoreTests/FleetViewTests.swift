import Model
import Placement
import Store
import Testing

/// Followers are told no more than what changed, and know as much as one who reads everything.
@Suite("Following the fleet")
struct FleetViewTests {
    /// More than three looks tell.
    private static let machines = 800

    @Test("Whoever follows in pieces, however far behind, knows what one knows who reads all")
    func pieces() async throws {
        try await StoreFixture.with(machines: (1...Self.machines).map { "host\($0)" }) { (fixture) async throws in
            let store = fixture.store
            let room = Resources(cpu: 1000, ram: 1_000_000, disk: 1000)
            for number in 1...Self.machines { try await fixture.up(number, room) }
            var views = [FleetView](repeating: FleetView(), count: 4)
            var (claims, generator) = (0, SystemRandomNumberGenerator())
            for step in 1...400 {
                // The later ones look less often.
                let follower = step % 16 < 8 ? step % 4 : 0
                claims += try await look(&views[follower], store)
                let pm = Int.random(in: 1...Self.machines, using: &generator)
                switch Int.random(in: 0..<8, using: &generator) {
                case 0: try await fixture.up(pm, Resources(cpu: 1000 + step, ram: 1_000_000, disk: 1000))
                case 1: try await place(on: pm, groups: ["a": .spread], fixture)
                default: try await place(on: pm, groups: [:], fixture)
                }
            }
            var whole = FleetView()
            while whole.complete == 0 { _ = try await look(&whole, store) }
            #expect(whole.fleet.machines.map(\.vmCount).reduce(0, +) > 200)
            for index in views.indices {
                while views[index].complete < whole.version { claims += try await look(&views[index], store) }
                #expect(views[index].fleet.machines == whole.fleet.machines)
            }
            #expect(claims > 200)
        }
    }

    /// Looks once.
    private func look(_ view: inout FleetView, _ store: Store) async throws -> Int {
        let peek = try await store.peek(since: view.version, complete: view.complete, limit: 0)
        view.update(by: peek)
        return peek.claims.count
    }

    private func place(on pm: Int, groups: [String: GroupRule], _ fixture: StoreFixture) async throws {
        _ = try await fixture.store.enqueueCreate(
            name: "a",
            type: 1.identifier(),
            image: 100.identifier(),
            constraints: PlacementConstraints(pm: try pm.identifier(), groups: groups),
            request: ""
        )
        let peek = try await fixture.store.peek(since: .max / 2, limit: 1)
        let explanation = PlacementExplanation(policy: "test")
        let outcome = try await fixture.store.claim(
            [(try #require(peek.lines.first), .place(try pm.identifier(), explanation))],
            roomVersion: peek.roomVersion,
            worker: "w",
            lease: .seconds(60)
        )
        #expect(outcome.stop == .complete)
    }
}
