import Model
import Placement
import RedisClient
import Store
import TestKit
import Testing

@Suite("Creates that wait for room")
struct RoomWaitTests {
    private let one = Resources(cpu: 1, ram: 512, disk: 1)
    private let two = Resources(cpu: 2, ram: 1024, disk: 2)

    private func create(_ fixture: StoreFixture, waiting: Duration? = .seconds(600)) async throws -> Acceptance {
        try await fixture.store.enqueueCreate(
            name: "w",
            type: 1.identifier(),
            image: 100.identifier(),
            roomWait: waiting,
            request: "r"
        )
    }

    private func state(_ job: JobID, _ fixture: StoreFixture) async throws -> String? {
        try await fixture.field("hvc:job:\(job)", "state")
    }

    private func keys(_ fixture: StoreFixture) async throws -> [String] {
        let room = try await fixture.store.redis.send(["KEYS", "hvc:queue:room*"]).strings ?? []
        let asked = try await fixture.field("hvc:counters", "room_asked")
        return room.sorted() + (asked.map { ["asked \($0)"] } ?? [])
    }

    @Test("One without room leaves the line with its reason, is counted, and keeps no later one that fits")
    func leavesTheLine() async throws {
        try await StoreFixture.with { (fixture) async throws in
            let small = Store(redis: fixture.store.redis, queueLimit: 1)
            try await fixture.up(1, one)
            _ = try await fixture.create()
            let waiting = try await create(fixture)
            #expect(try await fixture.takeAll().1.results.last == .deferred)
            #expect(try await state(waiting.job, fixture) == "delayed")
            let details = try #require(try await fixture.store.job(waiting.job))
            #expect(details.record.reason?.contains("no PM has room") == true && details.due != nil)
            #expect(try await fixture.store.whyWaiting(waiting.job) == details.record.reason)
            let decision = try await fixture.store.redis.send(["GET", "hvc:job:\(waiting.job):explanation"]).string
            #expect(decision?.contains("nearest_miss") == true)
            let status = try await fixture.store.queueStatus()
            #expect(status.room.depth == 1 && status.room.next == waiting.job && status.deferred == 1)
            // It counts as queued.
            await #expect(throws: Failure.self) {
                try await small.enqueueCreate(name: "x", type: 1.identifier(), image: 100.identifier(), request: "")
            }
            // What takes no capacity, and what fits elsewhere, comes through.
            try await fixture.up(1, two)
            let later = try await fixture.create("later")
            #expect(try await fixture.takeAll().1.results.count == 1)
            #expect(try await state(later.job, fixture) == "running")
        }
    }

    @Test(
        "Freed room is offered once: those that fit come back to their places, the oldest first, the others are noted as asked"
    )
    func offered() async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.up(1, one)
            let first = try await fixture.create()
            var waiting: [JobID] = []
            for _ in 1...3 { waiting.append(try await create(fixture).job) }
            _ = try await fixture.takeAll()
            var snapshot = try await fixture.store.poll(since: .start, limit: 9)
            #expect(!snapshot.offersRoom)
            #expect(try await fixture.store.finish(Lease(job: first.job, epoch: 1), by: "w", JobEnding()))
            _ = try await fixture.store.enqueueDestroy(first.vm, request: "")
            _ = try await fixture.takeAll()
            #expect(try await fixture.store.finish(Lease(job: 5.identifier(), epoch: 1), by: "w", JobEnding()))

            snapshot = try await fixture.store.poll(since: .start, limit: 9)
            #expect(snapshot.offersRoom)
            let version = snapshot.headroomVersion
            let lines = try await fixture.store.roomWaiters(asOf: version, limit: 2)
            #expect(lines.map { $0.entry?.job } == [waiting[0], waiting[1]])
            #expect(try await fixture.store.offerRoom([(waiting[0], .wake), (waiting[1], .full)], asOf: version) == 1)
            #expect(try await fixture.store.roomWaiters(asOf: version, limit: 2).isEmpty)
            snapshot = try await fixture.store.poll(since: .start, limit: 9)
            #expect(!snapshot.offersRoom && snapshot.lines.map { $0.entry?.job } == [waiting[0]])
            // Woken twice is woken once.
            #expect(try await fixture.store.offerRoom([(waiting[0], .wake)], asOf: version) == 0)
            let placed = try await fixture.takeAll().1.results
            #expect(placed.count == 1 && placed.first != .deferred)
            #expect(try await state(waiting[1], fixture) == "delayed")
        }
    }

    @Test("At its deadline one comes back to its place, and is refused as any other where there is still no room")
    func deadline() async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.up(1, .zero)
            let waiting = try await create(fixture, waiting: .milliseconds(50))
            #expect(try await fixture.takeAll().1.results == [.deferred])
            try await eventually("the deadline") { try await fixture.store.sweep().due == [waiting.job] }
            #expect(try await fixture.takeAll().1.results == [.ended])
            let status = try #require(try await fixture.store.status(of: waiting.job))
            #expect(status.state == .failed && status.failure?.code == .noCapacity)
            #expect(try await keys(fixture).isEmpty)
            #expect(try await fixture.store.vm(waiting.vm) == nil)
        }
    }

    @Test("One that is cancelled waits no more; a destroy of its VM has it decided on at once")
    func ended() async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.up(1, .zero)
            let (first, second) = (try await create(fixture), try await create(fixture))
            #expect(try await fixture.takeAll().1.results == [.deferred, .deferred])
            try await fixture.store.cancel(first.job)
            #expect(try await state(first.job, fixture) == "failed")
            #expect(try await fixture.store.redis.send(["ZRANGE", "hvc:queue:room", "0", "-1"]).strings == ["2"])
            _ = try await fixture.store.enqueueDestroy(second.vm, request: "")
            #expect(try await fixture.takeAll().1.results == [.waiting])
            #expect(try await keys(fixture).isEmpty)
            #expect(try await fixture.takeAll().1.results == [.ended, .ended])
            #expect(try await state(second.job, fixture) == "failed")
            #expect(try await state(3.identifier(), fixture) == "done")
        }
    }

    @Test("An atomic batch waits as one, and comes back whole")
    func batch() async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.up(1, one)
            let vms = try Batch.names("b", count: 3).map {
                BatchCreate(name: $0, type: try 1.identifier(), image: try 100.identifier())
            }
            _ = try await fixture.store.enqueueBatch(vms, isAtomic: true, roomWait: .seconds(60), request: "r")
            let snapshot = try await fixture.store.poll(since: .start, limit: 9)
            let jobs = try (1...3).map { try $0.identifier() as JobID }
            let stop = try await fixture.store.claim(
                1.identifier(),
                .refuse(jobs, Failure(.noCapacity, "1 of 3 fit"), PlacementExplanation(policy: "seed")),
                headroomVersion: snapshot.headroomVersion
            )
            #expect(stop == .complete)
            let status = try await fixture.store.queueStatus()
            #expect(status.room.depth == 3 && status.capacity.depth == 0)
            let version = snapshot.headroomVersion + "0"
            #expect(try await fixture.store.roomWaiters(asOf: version, limit: 1).map { $0.entry?.job.value } == [1])
            #expect(try await fixture.store.offerRoom(jobs.map { ($0, .wake) }, asOf: version) == 3)
            #expect(try await fixture.store.poll(since: .start, limit: 9).lines.map { $0.entry?.job } == jobs)
            #expect(try await keys(fixture).isEmpty)
        }
    }

    @Test("What the index has of jobs that wait no more is cleaned up by whoever reads it")
    func staleIndex() async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.up(1, .zero)
            let waiting = try await create(fixture)
            _ = try await fixture.takeAll()
            _ = try await fixture.store.redis.send(["DEL", "hvc:job:\(waiting.job)"])
            #expect(try await fixture.store.roomWaiters(asOf: "99", limit: 9).isEmpty)
            #expect(try await fixture.store.redis.send(["EXISTS", "hvc:queue:room:index"]).int == 0)
        }
    }

    @Test("A queue that is full, of deferred destroys too, refuses no destroy")
    func destroysComeThrough() async throws {
        try await StoreFixture.with { (fixture) async throws in
            let store = Store(redis: fixture.store.redis, queueLimit: 2)
            try await fixture.up(1, Resources(cpu: 9, ram: 9216, disk: 90))
            for _ in 1...3 {
                let accepted = try await fixture.create()
                _ = try await fixture.takeAll()
                #expect(try await store.finish(Lease(job: accepted.job, epoch: 1), by: "w", JobEnding()))
            }
            let away = Failure(.machineUnreachable, "away")
            for vm in 1...3 {
                let job = try await store.enqueueDestroy(vm.identifier(), request: "").job
                _ = try await fixture.takeAll()
                #expect(try await store.postpone(Lease(job: job, epoch: 1), by: .seconds(60), because: away))
            }
            #expect(try await store.redis.send(["ZCARD", "hvc:delayed"]).int == 3)
            do {
                _ = try await store.enqueueCreate(name: "x", type: 1.identifier(), image: 100.identifier(), request: "")
                Issue.record("the queue is full")
            } catch { #expect((error as? Failure)?.code == .queueFull) }
        }
    }
}
