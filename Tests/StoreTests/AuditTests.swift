import Model
import RedisClient
import Store
import TestKit
import Testing

@Suite("What an audit reads and repairs in the store")
struct AuditTests {
    private static let four = Resources(cpu: 4, ram: 4096, disk: 10)

    @Test("A snapshot has all records, and each job where it stands, oldest first", arguments: ["hvc:", "a*[b]:"])
    func snapshot(prefix: String) async throws {
        try await StoreFixture.with(prefix: prefix) { (fixture) async throws in
            let store = fixture.store
            try await fixture.up(1, Self.four)
            for _ in 1...3 { _ = try await fixture.create() }
            _ = try await fixture.takeAll(limit: 2)
            _ = try await store.enqueueDestroy(1.identifier(), request: "")
            #expect(try await store.finish(Lease(job: 2.identifier(), epoch: 1), by: "w", JobEnding()))
            _ = try await fixture.takeAll(limit: 1)
            _ = try await fixture.takeAll(limit: 1)
            for _ in 1...2 { _ = try await fixture.create() }
            let failure = Failure(.deadline, "slow")
            #expect(try await store.postpone(Lease(job: 3.identifier(), epoch: 1), by: .seconds(60), because: failure))
            let snapshot = try await store.auditSnapshot()
            #expect(snapshot.vms.map(\.vm.id.value) == [1, 2, 3, 4, 5])
            #expect(snapshot.machines.map(\.claims.count) == [3])
            #expect(try snapshot.underWay == [1.identifier(): 1.identifier(), 3.identifier(): 3.identifier()])
            #expect(snapshot.leases.map(\.value) == [1])
            #expect(snapshot.silentWorkers == ["w"], "it has never said that it lives")
            try await store.announce(worker: "w", fields: [:], lifetime: .seconds(60))
            #expect(try await store.auditSnapshot().silentWorkers.isEmpty)
            let places = snapshot.places.map { "\($0.place) \($0.job?.value ?? 0)" }
            #expect(places == ["behind(1) 4", "queue 5", "queue 6", "worker(\"w\") 1", "delayed 3"])
            let states = snapshot.jobs.mapValues(\.state)
            #expect(states.count == 5)
            #expect(try states[3.identifier()] == .delayed)
            #expect(try snapshot.jobs[4.identifier()]?.vm == 1.identifier())
        }
    }

    @Test("Claims are counted anew from the records, and headroom that turns up is published")
    func claims() async throws {
        try await StoreFixture.with { (fixture) async throws in
            let store = fixture.store
            try await fixture.up(1, Self.four)
            for _ in 1...2 { _ = try await fixture.create() }
            _ = try await fixture.takeAll()
            let before = try await store.poll(since: .start, limit: 1)
            _ = try await store.redis.send(["HSET", "hvc:pm:1", "claimed_cpu", 4, "claimed_ram", 0, "vms", 9])
            _ = try await store.redis.send(["HDEL", "hvc:pm:1:claims", "vm:1"])
            _ = try await store.redis.send(["HSET", "hvc:pm:1:claims", "vm:77", "1,2,3", "vm:2", "9,9,9"])
            #expect(try await store.repairClaims(of: 1.identifier()))
            let machine = try #require(try await store.machine(1.identifier()))
            #expect(machine.claimed == Resources(cpu: 2, ram: 1024, disk: 2) && machine.vmCount == 2)
            #expect(try await store.vms(on: 1.identifier())?.map(\.value) == [1, 2])
            let after = try await store.poll(since: before.position, limit: 1)
            #expect(after.changed.count == 1 && after.headroomVersion != before.headroomVersion)
            #expect(try await !store.repairClaims(of: 9.identifier()))
        }
    }

    @Test(
        "The groups of VMs and those without any are in a snapshot, and are counted anew",
        arguments: ["hvc:", "a*[b]:"]
    )
    func groups(prefix: String) async throws {
        try await StoreFixture.with(prefix: prefix) { (fixture) async throws in
            let store = fixture.store
            try await fixture.up(1, Self.four)
            for _ in 1...2 { _ = try await fixture.create(groups: ["db": .affinity]) }
            _ = try await fixture.takeAll(limit: 1)
            let right = AuditSnapshot.GroupRow(rule: .affinity, members: 2, placed: 1)
            #expect(try await store.auditSnapshot().groups == ["db": right])
            _ = try await store.redis.send(["DEL", "\(prefix)group:db"])
            _ = try await store.redis.send(["HSET", "\(prefix)group:gone", "placed", 3])
            // Its record alone is lost.
            let none = AuditSnapshot.GroupRow(rule: nil, members: 0, placed: 0, isListed: true)
            let gone = AuditSnapshot.GroupRow(rule: nil, members: 0, placed: 3)
            #expect(try await store.auditSnapshot().groups == ["db": none, "gone": gone])
            try await store.repair(GroupCorrection(group: "db", rule: .affinity, members: 2, placed: 1))
            try await store.repair(GroupCorrection(group: "gone", rule: nil, members: 0, placed: -3))
            #expect(try await store.auditSnapshot().groups == ["db": right])
        }
    }

    @Test(
        "A job that stands nowhere comes back to its place, and nobody else may end it; one that stands somewhere does not"
    )
    func jobs() async throws {
        try await StoreFixture.with { (fixture) async throws in
            let store = fixture.store
            try await fixture.up(1, Self.four)
            for _ in 1...3 { _ = try await fixture.create() }
            #expect(try await !store.repair(job: 1.identifier()))
            _ = try await fixture.takeAll(limit: 1)
            #expect(try await !store.repair(job: 1.identifier()))
            _ = try await store.redis.send(["DEL", "hvc:processing:w"])
            #expect(try await store.repair(job: 1.identifier()))
            #expect(try await store.redis.send(["ZCARD", "hvc:leases"]).int == 0)
            #expect(try await !store.finish(Lease(job: 1.identifier(), epoch: 1), by: "w", JobEnding()))
            let (snapshot, claim) = try await fixture.takeAll()
            #expect(snapshot.lines.compactMap(\.entry?.job.value) == [1, 2, 3])
            #expect(claim.results.count == 3)
            #expect(try await store.finish(Lease(job: 2.identifier(), epoch: 1), by: "w", JobEnding()))
            #expect(try await !store.repair(job: 2.identifier()))
            #expect(try await !store.repair(job: 99.identifier()))
        }
    }

    @Test("A VM whose job is lost can be destroyed again; one whose job is under way is left alone")
    func lostJob() async throws {
        try await StoreFixture.with { (fixture) async throws in
            let store = fixture.store
            try await fixture.up(1, Self.four)
            _ = try await fixture.create()
            _ = try await fixture.takeAll()
            _ = try await store.enqueueDestroy(1.identifier(), request: "")
            _ = try await fixture.takeAll()
            #expect(try await !store.repair(vm: 1.identifier()))
            // The create is lost with its record, and the destroy stands behind it for ever.
            _ = try await store.redis.send(["DEL", "hvc:job:1", "hvc:processing:w", "hvc:leases"])
            #expect(try await store.repair(vm: 1.identifier()))
            #expect(try await store.vm(1.identifier())?.state == .error)
            let (_, first) = try await fixture.takeAll()
            #expect(first.untimed == [.started(epoch: 1, pm: try 1.identifier())])
            // The destroy is lost, too; another one can be asked for.
            _ = try await store.redis.send(["DEL", "hvc:job:2", "hvc:processing:w", "hvc:leases"])
            #expect(try await store.repair(vm: 1.identifier()))
            #expect(try await store.vm(1.identifier())?.state == .error)
            _ = try await store.enqueueDestroy(1.identifier(), request: "")
            let (_, second) = try await fixture.takeAll()
            #expect(second.untimed == [.started(epoch: 1, pm: try 1.identifier())])
        }
    }
}
