import Model
import RedisClient
import TestKit
import Testing

@testable import Store

@Suite("Pages of an audit")
struct AuditPageTests {
    @Test("All VMs, jobs, claims and groups of an installation that is larger than a page are read, each once")
    func pages() async throws {
        try await StoreFixture.with { (fixture) async throws in
            let (store, count) = (fixture.store, AuditReader.pageSize * 2 + 3)
            try await fixture.up(1, Resources(cpu: 9999, ram: 9_999_999, disk: 9999))
            for _ in 1...count { _ = try await fixture.create(groups: ["all": .spread]) }
            _ = try await fixture.takeAll(limit: 300)
            let snapshot = try await store.auditSnapshot()
            #expect(snapshot.vms.map(\.vm.id.value).sorted() == Array(1...count))
            #expect(snapshot.places.compactMap(\.job?.value).sorted() == Array(1...count))
            #expect(snapshot.machines.first?.claims.count == 300)
            #expect(snapshot.machines.first?.groups == ["all": 300])
            #expect(snapshot.groups["all"] == AuditSnapshot.GroupRow(rule: .spread, members: count, placed: 300))
            #expect(snapshot.unlisted.isEmpty && snapshot.unreadable.isEmpty)
        }
    }

    @Test("A PM whose claims are of another type, or cannot be read, is reported, and its VMs' PM is known")
    func brokenClaims() async throws {
        try await StoreFixture.with(machines: ["a", "b"]) { (fixture) async throws in
            let redis = fixture.store.redis
            _ = try await redis.send(["SET", "hvc:pm:1:claims", "x"])
            _ = try await redis.send(["HSET", "hvc:pm:2:claims", "vm:1", "many"])
            let snapshot = try await fixture.store.auditSnapshot()
            #expect(snapshot.knownPMs.count == 2)
            #expect(snapshot.machines.map(\.machine.id.value) == [2])
            let problems = [
                "hvc:pm:1:claims is a string and must be a hash",
                "hvc:pm:2:claims has a claim of vm:1 that cannot be read",
            ]
            #expect(snapshot.unreadable == problems)
        }
    }
}
