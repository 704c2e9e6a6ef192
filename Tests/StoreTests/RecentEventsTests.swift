import Model
import RedisClient
import Testing

@testable import Store

@Suite("The latest events, and those that Redis keeps")
struct RecentEventsTests {
    private func id(_ number: Int) throws -> EventID { try #require(EventID("\(number)-0")) }

    private func event(_ number: Int) throws -> StoreEvent {
        StoreEvent(id: try id(number), type: "t", fields: ["n": "\(number)"])
    }

    private func ids(_ reading: RecentEvents.Reading) -> [EventID]? {
        if case .events(let events) = reading { events.map(\.id) } else { nil }
    }

    @Test("Behind each position there is what follows it, as far back as it is remembered")
    func readings() throws {
        let recent = RecentEvents(limit: 10)
        guard case .unknown = recent.events(after: try id(5), limit: 3) else { throw Failure(.internalFault, "known") }
        recent.note([], after: try id(5), last: try id(5))
        for number in 6...40 { recent.note([try event(number)], after: try id(number - 1), last: try id(number)) }
        for position in 0...41 {
            let reading = recent.events(after: try id(position), limit: 3)
            switch reading {
            case .events: #expect(ids(reading) == (position + 1...min(position + 3, 40)).compactMap { try? id($0) })
            case .upToDate: #expect(position == 40)
            case .unknown: #expect(position < 35 || position == 41)
            }
        }
    }

    @Test("What does not go on from what is here, as after an outage, takes its place")
    func gap() throws {
        let recent = RecentEvents(limit: 10)
        recent.note([try event(2)], after: try id(1), last: try id(2))
        recent.note([try event(8)], after: try id(7), last: try id(8))
        #expect(ids(recent.events(after: try id(7), limit: 9)) == [try id(8)])
        guard case .unknown = recent.events(after: try id(2), limit: 9) else {
            throw Failure(.internalFault, "the gap is hidden")
        }
        // A Redis that went back.
        recent.note([try event(4)], after: try id(3), last: try id(4))
        guard case .unknown = recent.events(after: try id(8), limit: 9) else {
            throw Failure(.internalFault, "another history goes on")
        }
    }

    @Test("Redis answers what follows, or that it does not keep all of it any more")
    func pages() async throws {
        try await StoreFixture.with { (fixture) async throws in
            let store = fixture.store
            _ = try await store.redis.send(["DEL", "hvc:events"])
            #expect(try await store.eventPage(after: .zero, limit: 9).events.isEmpty)
            await #expect(throws: Failure.self) { try await store.eventPage(after: id(1), limit: 9) }
            for number in 3...9 { _ = try await add(number, store) }
            #expect(try await store.eventPage(after: .zero, limit: 2).events.map(\.id) == [id(3), id(4)])
            #expect(try await store.eventPage(after: id(8), limit: 2).events.map(\.id) == [id(9)])
            #expect(try await store.eventPage(after: id(9), limit: 2).last == id(9))
            // Not of this history.
            for number in [1, 10] {
                let failure = await #expect(throws: Failure.self) {
                    try await store.eventPage(after: id(number), limit: 2)
                }
                #expect(failure?.code == .cursorExpired)
            }
            // Cut: from the beginning on is no longer all.
            _ = try await store.redis.pipeline((10...10_200).map { ["XADD", "hvc:events", "\($0)-0", "type", "t"] })
            _ = try await store.redis.send(["XTRIM", "hvc:events", "MAXLEN", "10000"])
            let failure = await #expect(throws: Failure.self) { try await store.eventPage(after: .zero, limit: 2) }
            #expect(failure?.code == .cursorExpired)
        }
    }

    private func add(_ number: Int, _ store: Store) async throws -> RESPValue {
        try await store.redis.send(["XADD", "hvc:events", "\(number)-0", "type", "t"])
    }

    @Test(
        "An id is read as Redis writes it, and nothing else is",
        arguments: [
            ("0-0", true), ("1795774115383-12", true), ("1795774115383", true), ("", false), ("-", false),
            ("1-", false),
            ("1-2-3", false), ("a-1", false), ("$", false), ("+1-0", false), ("1234567890123456-0", false),
        ]
    )
    func ids(text: String, isOne: Bool) { #expect((EventID(text) != nil) == isOne) }
}
