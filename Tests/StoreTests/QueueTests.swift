import Model
import Placement
import RedisClient
import Store
import TestKit
import Testing

@Suite("The two queues")
struct QueueTests {
    private let two = Resources(cpu: 2, ram: 4096, disk: 10)

    /// A VM that runs on PM 1, made by job 1.
    private func withRunningVM(_ body: (StoreFixture, VMID) async throws -> Void) async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.up(1, two)
            let vm = try await fixture.create().vm
            _ = try await fixture.takeAll()
            #expect(try await fixture.store.finish(Lease(job: 1.identifier(), epoch: 1), by: "w", JobEnding()))
            try await body(fixture, vm)
        }
    }

    private func takeDirect(_ fixture: StoreFixture, _ count: Int = 9) async throws -> [DirectClaim] {
        try await fixture.store.claim([], direct: count, headroomVersion: "", worker: "w", lease: .seconds(60)).direct
    }

    @Test("A create that cannot be decided yet keeps no destroy waiting")
    func stuckCreate() async throws {
        try await withRunningVM { (fixture, vm) async throws in
            _ = try await fixture.create("stuck")
            _ = try await fixture.store.enqueueDestroy(vm, request: "")
            let snapshot = try await fixture.store.poll(since: .start, limit: 9)
            #expect(snapshot.lines.compactMap(\.entry?.job.value) == [2] && snapshot.direct == 1)
            let taken = try await takeDirect(fixture)
            #expect(taken.compactMap(\.line.entry?.job.value) == [3])
            #expect(taken.map(\.result.untimed) == [.started(epoch: 1, pm: try 1.identifier())])
            #expect(try await fixture.list("hvc:queue").count == 1)
        }
    }

    @Test("A plan that fails keeps no destroy waiting, and a destroy no plan")
    func independent() async throws {
        try await withRunningVM { (fixture, vm) async throws in
            _ = try await fixture.create("next")
            _ = try await fixture.store.enqueueDestroy(vm, request: "")
            let snapshot = try await fixture.store.poll(since: .start, limit: 9)
            let outcome = try await fixture.store.claim(
                snapshot.lines.map { ($0, .run) },
                direct: 1,
                headroomVersion: snapshot.headroomVersion,
                worker: "w",
                lease: .seconds(60)
            )
            #expect(outcome.stop == .moved && outcome.results.isEmpty && outcome.direct.count == 1)
        }
    }

    @Test("A destroy of a VM whose create has not begun waits behind it, and goes on when that has ended")
    func behindItsCreate() async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.up(1, two)
            let vm = try await fixture.create().vm
            _ = try await fixture.store.enqueueDestroy(vm, request: "")
            #expect(try await takeDirect(fixture).map(\.result) == [.waiting])
            #expect(try await fixture.list("hvc:vm:1:waiting").count == 1)
            let (_, claim) = try await fixture.takeAll()
            #expect(claim.untimed == [.started(epoch: 1, pm: try 1.identifier())])
            #expect(try await takeDirect(fixture).isEmpty)
            #expect(try await fixture.store.finish(Lease(job: 1.identifier(), epoch: 1), by: "w", JobEnding()))
            #expect(try await takeDirect(fixture).map(\.result.untimed) == [.started(epoch: 1, pm: try 1.identifier())])
        }
    }

    @Test("A job that was woken and has to wait again goes before those that came later")
    func waitsAgain() async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.up(1, two)
            let (vm, redis) = (try await fixture.create().vm, fixture.store.redis)
            _ = try await fixture.store.enqueueDestroy(vm, request: "")
            #expect(try await takeDirect(fixture).map(\.result) == [.waiting])
            let later = #"{"job":7,"kind":"destroy","vm":1,"cpu":0,"ram":0,"disk":0}"#
            _ = try await redis.send(["RPUSH", "hvc:vm:1:waiting", later])
            let line = try #require(try await redis.send(["LPOP", "hvc:vm:1:waiting"]).string)
            _ = try await redis.send(["RPUSH", "hvc:queue:direct", line])
            #expect(try await takeDirect(fixture).map(\.result) == [.waiting])
            #expect(try await fixture.list("hvc:vm:1:waiting") == [line, later])
        }
    }

    @Test("A destroy behind a create that is refused ends with it")
    func behindARefusal() async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.up(1, .zero)
            let vm = try await fixture.create().vm
            _ = try await fixture.store.enqueueDestroy(vm, request: "")
            #expect(try await takeDirect(fixture).map(\.result) == [.waiting])
            #expect(try await fixture.takeAll().1.results.first == .ended)
            #expect(try await fixture.store.status(of: 2.identifier())?.state == .done)
        }
    }

    @Test("A destroy waits for no create whose job is lost")
    func behindNothing() async throws {
        try await StoreFixture.with { (fixture) async throws in
            let vm = try await fixture.create().vm
            _ = try await fixture.store.redis.send(["DEL", "hvc:job:1", "hvc:queue"])
            _ = try await fixture.store.enqueueDestroy(vm, request: "")
            #expect(try await takeDirect(fixture).map(\.result) == [.started(epoch: 1, pm: nil)])
        }
    }

    @Test("The jobs of one VM keep their order, and one that comes back goes first")
    func order() async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.up(1, Resources(cpu: 9, ram: 9_000, disk: 90))
            for _ in 1...3 { _ = try await fixture.create() }
            _ = try await fixture.takeAll()
            for job in 1...3 {
                let lease = Lease(job: try job.identifier(), epoch: 1)
                #expect(try await fixture.store.finish(lease, by: "w", JobEnding()))
            }
            for vm in 1...3 { _ = try await fixture.store.enqueueDestroy(vm.identifier(), request: "") }
            #expect(try await takeDirect(fixture, 2).compactMap(\.line.entry?.job.value) == [4, 5])
            #expect(try await fixture.store.requeue(Lease(job: 4.identifier(), epoch: 1), reason: "test"))
            #expect(try await takeDirect(fixture).compactMap(\.line.entry?.job.value) == [4, 6])
        }
    }

    @Test("What is none of ours goes to the dead list, and a create among those that need no plan to its own queue")
    func byHand() async throws {
        try await withRunningVM { (fixture, vm) async throws in
            let create = #"{"job":77,"kind":"create","vm":9,"cpu":1,"ram":1,"disk":1}"#
            for line in ["junk", #"{"job":5,"kind":"dance","vm":1,"cpu":0,"ram":0,"disk":0}"#, create] {
                _ = try await fixture.store.redis.send(["LPUSH", "hvc:queue:direct", line])
            }
            _ = try await fixture.store.enqueueDestroy(vm, request: "")
            #expect(try await takeDirect(fixture).map(\.result).prefix(2) == [.deadLettered, .deadLettered])
            #expect(try await fixture.store.poll(since: .start, limit: 1).lines.first?.entry?.job.value == 77)
            #expect(try await fixture.list("hvc:queue:direct").isEmpty)
            #expect(try await fixture.list("hvc:dead").contains { $0.contains("no operation is called dance") })
        }
    }
}
