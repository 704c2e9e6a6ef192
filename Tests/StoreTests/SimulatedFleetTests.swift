import Model
import RedisClient
import Store
import Testing

@Suite("Simulated PMs in Redis")
struct SimulatedFleetTests {
    @Test("A change is written whole, where what it was decided on is the same still")
    func compared() async throws {
        try await StoreFixture.with { (fixture) async throws in
            let store = fixture.store
            #expect(try await store.simulatedPM(1).fields.isEmpty)
            #expect(try await store.changeSimulatedPM(1, seen: ["a": nil], changes: ["a": "1", "b": "2"]))
            #expect(try await store.simulatedPM(1).fields == ["a": "1", "b": "2"])
            // Somebody was faster: a is there by now, or is another.
            #expect(try await !store.changeSimulatedPM(1, seen: ["a": nil], changes: ["b": "3"]))
            #expect(try await !store.changeSimulatedPM(1, seen: ["b": "2", "a": "0"], changes: ["b": "3"]))
            #expect(try await !store.changeSimulatedPM(1, seen: ["c": "0"], changes: ["b": "3"]))
            #expect(try await store.simulatedPM(1).fields == ["a": "1", "b": "2"])
            #expect(try await store.changeSimulatedPM(1, seen: ["a": "1"], changes: ["a": nil, "b": "3"]))
            #expect(try await store.simulatedPM(1).fields == ["b": "3"])
            #expect(try await store.simulatedPM(2).fields.isEmpty)
        }
    }

    @Test("The time is that of Redis")
    func time() async throws {
        try await StoreFixture.with { (fixture) async throws in
            let before = try await fixture.store.simulatedPM(1).now
            let time = try await fixture.store.redis.send(["TIME"]).strings ?? []
            let seconds = try #require(time.first.flatMap { Int($0) })
            #expect((0...60).contains(seconds - before / 1000))
        }
    }
}
