import Model
import Placement
import RedisClient
import Store
import Testing

@Suite("The record of refusals")
struct RefusalRecordTests {
    @Test(
        "A create that gets no place is recorded with what it needed, why, and the nearest miss; one that is placed is not"
    )
    func recorded() async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.up(1, Resources(cpu: 1, ram: 600, disk: 5))
            for _ in 0..<3 { _ = try await fixture.create() }
            #expect(try await fixture.takeAll().1.results.count == 3)
            let (refusals, since, now) = try await fixture.store.refusals(within: .seconds(60))
            #expect(refusals.count == 2 && now - since == 60_000)
            let needs = Resources(cpu: 1, ram: 512, disk: 1)
            let missing = Resources(cpu: 1, ram: 512 - 88, disk: 0)
            for refusal in refusals {
                #expect(refusal.needs == needs && refusal.code == FailureCode.noCapacity.rawValue)
                #expect(refusal.miss?.pm.value == 1 && refusal.miss?.missing == missing)
            }
        }
    }

    @Test("The record is bounded, is read in pages, and says since when it is whole")
    func bounded() async throws {
        try await StoreFixture.with { (fixture) async throws in
            let now = try await fixture.now()
            let commands = (0..<10_100).map { index -> RedisCommand in
                [
                    "XADD", "hvc:refusals", "MAXLEN", "~", "10000", "\(now - 30_000 + index)-0", "code", "no_capacity",
                    "cpu", "1", "ram", "1", "disk", "1", "miss", "",
                ]
            }
            _ = try await fixture.store.redis.pipeline(commands)
            let (refusals, since, _) = try await fixture.store.refusals(within: .seconds(3600))
            let length = try await fixture.store.redis.send(["XLEN", "hvc:refusals"]).int
            #expect(refusals.count == length && refusals.count >= 10_000)
            #expect(since == now - 30_000 + 10_100 - refusals.count)
        }
    }

    @Test("A key of another type stops the refusal before anything is written")
    func broken() async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.up(1, .zero)
            _ = try await fixture.create()
            _ = try await fixture.store.redis.send(["SET", "hvc:refusals", "x"])
            let before = try await fixture.everything()
            let failure = await #expect(throws: Failure.self) { _ = try await fixture.takeAll() }
            #expect(failure?.code == .malformedRecord && failure?.message.contains("hvc:refusals") == true)
            #expect(try await fixture.everything() == before)
        }
    }
}
