import Model
import RedisClient
import Store
import Testing

@Suite("Numbers of types")
struct TypeNumberTests {
    private static func size(_ cpu: Int) -> Resources { Resources(cpu: cpu, ram: 512, disk: 1) }

    private static func listing(_ cpu: Int, _ number: Int? = nil) -> TypeListing {
        TypeListing(needs: size(cpu), number: number.flatMap(TypeID.init))
    }

    /// The fixture lists the size of one CPU as type 1.
    private func numbers(_ store: Store, _ listings: [TypeListing]) async throws -> [Int] {
        try await store.register(types: listings).map(\.value)
    }

    @Test("A file's own numbers are honoured, and stay when the file gives them no longer or in another order")
    func honoured() async throws {
        try await StoreFixture.with { (fixture) async throws in
            let store = fixture.store
            #expect(
                try await numbers(store, [Self.listing(2, 20), Self.listing(1, 1), Self.listing(3, 7)]) == [20, 1, 7]
            )
            #expect(try await numbers(store, [Self.listing(3), Self.listing(2), Self.listing(1)]) == [7, 20, 1])
            #expect(try await store.types().map(\.id.value) == [1, 7, 20])
            #expect(try await numbers(store, [Self.listing(2, 20)]) == [20])
        }
    }

    @Test("Types without a number take the next ones that no type had and the file gives to no other")
    func mixed() async throws {
        try await StoreFixture.with { (fixture) async throws in
            let store = fixture.store
            let listings = [Self.listing(5), Self.listing(6, 2), Self.listing(7), Self.listing(8, 4), Self.listing(1)]
            #expect(try await numbers(store, listings) == [3, 2, 5, 4, 1])
            // 6 was given, and taken off the list: it is not given again.
            #expect(try await numbers(store, [Self.listing(9, 6)]) == [6])
            #expect(try await numbers(store, [Self.listing(10), Self.listing(11)]) == [7, 8])
        }
    }

    @Test("A number of another size, and another number than the size has, are refused, and nothing is changed")
    func conflicts() async throws {
        try await StoreFixture.with { (fixture) async throws in
            let store = fixture.store
            _ = try await numbers(store, [Self.listing(1), Self.listing(2), Self.listing(3)])
            _ = try await numbers(store, [Self.listing(1), Self.listing(2)])
            let listings = [
                Self.listing(9), Self.listing(2, 5), Self.listing(8, 1), Self.listing(7, 3), Self.listing(6, 6),
            ]
            let before = try await fixture.dump()
            #expect(
                try await store.conflicts(ofTypes: listings) == [
                    TypeConflict(index: 1, reason: .sizeHas(try 2.identifier())),
                    TypeConflict(index: 2, reason: .numberIsOf(Self.size(1))),
                    // Of a size that is listed no longer.
                    TypeConflict(index: 3, reason: .numberIsOf(Self.size(3))),
                ]
            )
            let failure = await #expect(throws: Failure.self) { try await store.register(types: listings) }
            #expect(failure?.code == .invalidRequest)
            #expect(
                failure?.message.contains("write \"tid\": 2, or leave tid out") == true,
                "\(String(describing: failure))"
            )
            #expect(try await fixture.dump() == before)
            #expect(try await store.conflicts(ofTypes: [Self.listing(2, 2), Self.listing(12, 12)]).isEmpty)
            #expect(try await fixture.dump() == before)
        }
    }

    @Test("Where the counters are lost, no number is given twice")
    func countersLost() async throws {
        try await StoreFixture.with { (fixture) async throws in
            _ = try await numbers(fixture.store, [Self.listing(1), Self.listing(2), Self.listing(3)])
            _ = try await fixture.store.redis.send(["HDEL", "hvc:counters", "type"])
            #expect(try await numbers(fixture.store, [Self.listing(4), Self.listing(2)]) == [4, 2])
        }
    }
}

extension StoreFixture {
    /// All that Redis holds, by key.
    fileprivate func dump() async throws -> [String: String] {
        var all: [String: String] = [:]
        for key in try await store.redis.send(["KEYS", "*"]).array ?? [] {
            guard let key = key.string else { continue }
            all[key] = try await store.redis.send(["DUMP", key]).bytes.map { "\($0)" } ?? ""
        }
        return all
    }
}
