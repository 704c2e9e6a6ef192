import Model
import RedisClient
import Store
import Testing

@Suite("The catalog in the store")
struct CatalogTests {
    private let small = Resources(cpu: 1, ram: 256, disk: 1)

    private func listings(_ addresses: String...) throws -> [PMListing] {
        try addresses.map { PMListing(address: try PMAddress($0)) }
    }

    @Test("An entry keeps its number over edits; a removed one's number is not given again")
    func numbersStay() async throws {
        try await StoreFixture.with(machines: ["a", "b"]) { (fixture) async throws in
            let store = fixture.store
            #expect(try await store.register(machines: listings("b", "c")).map(\.value) == [2, 3])
            #expect(try await store.machines().map(\.value) == [2, 3])
            #expect(try await store.register(machines: listings("d", "a", "c")).map(\.value) == [4, 1, 3])
            #expect(try await store.machines().map(\.value) == [1, 3, 4])
        }
    }

    @Test("Listed again, a PM that is up and as it was costs nobody anything; one that is not is probed and told")
    func listedAgain() async throws {
        try await StoreFixture.with(machines: ["a", "b", "c"]) { (fixture) async throws in
            let store = fixture.store
            for pm in 1...2 { try await fixture.up(pm, small) }
            let before = try await store.poll(since: .start, limit: 0).position
            let due = try await store.redis.send(["ZSCORE", "hvc:discovery", "1"]).string
            var again = try listings("a", "b", "c")
            _ = try await store.register(machines: again)
            let told = try await store.poll(since: before, limit: 0)
            #expect(told.changed.map(\.id.value) == [3])
            #expect(try await store.redis.send(["ZSCORE", "hvc:discovery", "1"]).string == due)

            // A period that became shorter holds at once, and no look under way is doubled by it.
            _ = try await store.register(machines: again, lookingWithin: .zero)
            let early = try await store.takeDueProbes(limit: 9, deadline: .seconds(9)).probes.map(\.pm.value)
            #expect(early.sorted() == [1, 2, 3])
            _ = try await store.register(machines: again, lookingWithin: .zero)
            #expect(try await store.takeDueProbes(limit: 9, deadline: .seconds(9)).probes.isEmpty)
            for pm in 1...3 { try await fixture.up(pm, small) }
            let now = try await store.poll(since: told.position, limit: 0)

            again[1] = PMListing(address: try PMAddress("b"), network: "br0", tags: ["ssd"])
            _ = try await store.register(machines: Array(again.prefix(2)))
            let changed = try await store.poll(since: now.position, limit: 0)
            #expect(changed.changed.map(\.id.value).sorted() == [2, 3])
            #expect(try await store.machine(2.identifier())?.tags == ["ssd"])
            let probed = try await store.takeDueProbes(limit: 9, deadline: .seconds(9)).probes.map(\.pm.value)
            #expect(probed == [2])
        }
    }

    @Test("Types count from 1, images from 100, and both are reported as they were registered")
    func typesAndImages() async throws {
        try await StoreFixture.with { (fixture) async throws in
            let store = fixture.store
            #expect(
                try await store.register(types: [Resources(cpu: 1, ram: 512, disk: 1), small]).map(\.value) == [1, 2]
            )
            #expect(try await store.types().map(\.needs) == [Resources(cpu: 1, ram: 512, disk: 1), small])
            let broken = ImageRegistration(path: "/images/b.raw", name: "b", unusable: "no disk image")
            #expect(try await store.register(images: [broken, StoreFixture.image]).map(\.value) == [101, 100])
            #expect(try await store.images().map(\.name) == ["a", "b"])
            #expect(try await store.imageRegistration(100.identifier()) == StoreFixture.image)
            #expect(try await store.imageRegistration(101.identifier())?.reason == "no disk image")
        }
    }

    @Test("A type or an image that is no longer listed takes no new VMs")
    func unlisted() async throws {
        try await StoreFixture.with { (fixture) async throws in
            _ = try await fixture.store.register(types: [small])
            await #expect(throws: Failure.self) { try await fixture.create() }
            let failure = await #expect(throws: Failure.self) { try await fixture.create() }
            #expect(failure?.code == .unknownType)
            #expect(try await fixture.queued().isEmpty)
        }
    }
}
