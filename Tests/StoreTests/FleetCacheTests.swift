import Model
import Placement
import RedisClient
import Store
import TestKit
import Testing

/// Caches get no more than what changed, and know as much as one who reads everything.
@Suite("Following the fleet")
struct FleetCacheTests {
    /// More than three polls return.
    private static let machines = 800

    @Test("Whoever follows in pieces, however far behind, knows what one knows who reads all")
    func pieces() async throws {
        try await StoreFixture.with(machines: (1...Self.machines).map { "host\($0)" }) { (fixture) async throws in
            let store = fixture.store
            let room = Resources(cpu: 1000, ram: 1_000_000, disk: 1000)
            for number in 1...Self.machines { try await fixture.up(number, room) }
            var caches = [FleetCache](repeating: FleetCache(), count: 4)
            var (claims, generator) = (0, SystemRandomNumberGenerator())
            for step in 1...400 {
                // The later ones look less often.
                let follower = step % 16 < 8 ? step % 4 : 0
                claims += try await poll(&caches[follower], store)
                let pm = Int.random(in: 1...Self.machines, using: &generator)
                switch Int.random(in: 0..<8, using: &generator) {
                case 0: try await fixture.up(pm, Resources(cpu: 1000 + step, ram: 1_000_000, disk: 1000))
                case 1: try await place(on: pm, groups: ["a": .spread], fixture, caches[0].position)
                default: try await place(on: pm, groups: [:], fixture, caches[0].position)
                }
            }
            var whole = FleetCache()
            while whole.position.complete == 0 { _ = try await poll(&whole, store) }
            #expect(whole.fleet.machines.map(\.vmCount).reduce(0, +) > 200)
            for index in caches.indices {
                while caches[index].position.complete < whole.position.version {
                    claims += try await poll(&caches[index], store)
                }
                #expect(caches[index].fleet.machines == whole.fleet.machines)
            }
            #expect(claims > 200)
        }
    }

    @Test("Whoever knew a Redis that was emptied since begins anew, however far the new one has come")
    func emptied() async throws {
        try await StoreFixture.with(machines: ["a", "b"]) { (fixture) async throws in
            let store = fixture.store
            var cache = FleetCache()
            _ = try await poll(&cache, store)
            _ = try await store.redis.send(["FLUSHALL"])
            let listings = [PMListing(address: try PMAddress("c"))]
            for _ in 1...9 { _ = try await store.register(machines: listings) }
            _ = try await poll(&cache, store)
            #expect(cache.fleet.machines.map(\.listing) == listings)
        }
    }

    @Test("Whoever knew a Redis that went back since, and on in another way, begins anew")
    func wentBack() async throws {
        try await StoreFixture.with(machines: ["a", "b"]) { (fixture) async throws in
            let store = fixture.store
            var cache = FleetCache()
            _ = try await store.redis.send(["SAVE"])
            _ = try await store.register(machines: ["a", "b", "c"].map { PMListing(address: try PMAddress($0)) })
            for pm in 1...3 { try await fixture.up(pm, Resources(cpu: pm, ram: 1, disk: 1)) }
            _ = try await poll(&cache, store)
            #expect(cache.fleet.count == 3)

            try await fixture.server.restart()
            let other = Store(redis: RedisClient(configuration: fixture.server.configuration), keys: store.keys)
            let listings = try ["a", "b"].map { PMListing(address: try PMAddress($0), tags: ["new"]) }
            for pass in 1...9 { _ = try await other.register(machines: pass == 9 ? listings : listings.reversed()) }
            var fresh = FleetCache()
            _ = try await poll(&fresh, other)
            #expect(fresh.position.version > cache.position.version)
            await other.redis.shutdown()
            try await eventually("the connection to be there again") { try await poll(&cache, store) >= 0 }
            #expect(cache.fleet.machines == fresh.fleet.machines)
        }
    }

    /// Polls once.
    private func poll(_ cache: inout FleetCache, _ store: Store) async throws -> Int {
        let snapshot = try await store.poll(since: cache.position, limit: 0)
        cache.update(by: snapshot)
        return snapshot.claims.count
    }

    private func place(
        on pm: Int,
        groups: [String: GroupRule],
        _ fixture: StoreFixture,
        _ known: FleetPosition
    ) async throws {
        _ = try await fixture.store.enqueueCreate(
            name: "a",
            type: 1.identifier(),
            image: 100.identifier(),
            constraints: PlacementConstraints(pm: try pm.identifier(), groups: groups),
            request: ""
        )
        let snapshot = try await fixture.store.poll(since: known, limit: 1)
        let explanation = PlacementExplanation(policy: "test")
        let outcome = try await fixture.store.claim(
            [(try #require(snapshot.lines.first), .place(try pm.identifier(), explanation))],
            headroomVersion: snapshot.headroomVersion,
            worker: "w",
            lease: .seconds(60)
        )
        #expect(outcome.stop == .complete)
    }
}
