import Model
import Placement
import RedisClient
import Store
import TestKit
import Testing

@testable import Worker

@Suite("Creates that wait for the first probe of their PM")
struct DeferredCreateTests {
    private static let capacity = Resources(cpu: 4, ram: 4096, disk: 100)

    /// A store with PM 1, which is up, and PM 2, which was not probed yet.
    private func withStore(_ body: (Store) async throws -> Void) async throws {
        let server = try await RedisServer.started()
        let redis = RedisClient(configuration: server.configuration)
        do {
            let store = Store(redis: redis)
            _ = try await store.register(machines: ["host1", "host2"].map { PMListing(address: try PMAddress($0)) })
            _ = try await store.register(types: [Resources(cpu: 1, ram: 512, disk: 1)])
            let facts = ImageRegistration.Facts(format: .qcow2, fileBytes: 1, diskBytes: 1, fingerprint: "a")
            _ = try await store.register(images: [ImageRegistration(path: "/a", name: "a", facts: facts)])
            _ = try await redis.send(["HSET", store.keys.counters, "ready_at", "then"])
            try await probe(1, .up, store)
            try await body(store)
        } catch {
            await redis.shutdown()
            try await server.stop()
            throw error
        }
        await redis.shutdown()
        try await server.stop()
    }

    private func probe(_ pm: Int, _ state: PMState, _ store: Store) async throws {
        let measure = state == .up ? PMMeasure(capacity: Self.capacity, available: Self.capacity) : nil
        let report = DiscoveryReport(state: state, reason: state == .up ? "" : "no route", measure: measure)
        try await store.record(report, of: id(pm), next: .seconds(60))
    }

    private func create(on pm: Int?, _ store: Store) async throws -> Acceptance {
        try await store.enqueueCreate(
            name: "a",
            type: id(1),
            image: id(100),
            constraints: PlacementConstraints(pm: try pm.map { try id($0) }),
            request: ""
        )
    }

    /// What a worker with slots enough does once, by the worker's own plan.
    private func take(_ store: Store) async throws -> ClaimOutcome {
        let snapshot = try await store.poll(since: .start, limit: 9)
        return try await store.claim(
            IntakePlan.steps(for: snapshot.lines, on: FleetSnapshot(snapshot.changed), by: .seed),
            direct: snapshot.direct,
            headroomVersion: snapshot.headroomVersion,
            worker: "w",
            lease: .seconds(60)
        )
    }

    private func id<Entity>(_ number: Int) throws -> Identifier<Entity> { try #require(Identifier<Entity>(number)) }

    @Test(
        "A create for a PM that was not probed yet keeps neither creates nor destroys waiting, and comes back to its place"
    )
    func comesBack() async throws {
        try await withStore { (store) async throws in
            let running = try await create(on: 1, store)
            _ = try await take(store)
            #expect(try await store.finish(Lease(job: running.job, epoch: 1), by: "w", JobEnding()))

            let pinned = try await create(on: 2, store)
            _ = try await create(on: 1, store)
            let destroy = try await store.enqueueDestroy(running.vm, request: "")
            let outcome = try await take(store)
            #expect(outcome.stop == .complete)
            #expect(outcome.untimed == [.deferred, .started(epoch: 1, pm: try id(1))])
            #expect(outcome.direct.map(\.line.entry?.job) == [destroy.job])
            #expect(outcome.direct.map(\.result.untimed) == [.started(epoch: 1, pm: try id(1))])
            #expect(try await store.status(of: pinned.job)?.state == .delayed)
            let reason = try await store.redis.send(["HGET", store.keys.job(pinned.job), "put_off"]).string
            #expect(reason?.contains("PM 2") == true && reason?.contains("not probed yet") == true)

            // Older than what stands on the queue by now, so it comes first.
            _ = try await create(on: 1, store)
            try await probe(2, .up, store)
            let snapshot = try await store.poll(since: .start, limit: 9)
            #expect(snapshot.lines.first?.entry?.job == pinned.job && snapshot.lines.count == 2)
            #expect(try await take(store).untimed.first == .started(epoch: 1, pm: try id(2)))
            #expect(try await store.redis.send(["EXISTS", "hvc:delayed", "hvc:pm:2:delayed"]).int == 0)
        }
    }

    @Test("Where the first probe finds the PM away, the create is refused with the reason")
    func refused() async throws {
        try await withStore { (store) async throws in
            let pinned = try await create(on: 2, store)
            #expect(try await take(store).results == [.deferred])
            try await probe(2, .unknown, store)
            #expect(try await take(store).results == [.ended])
            let failure = try await store.status(of: pinned.job)?.failure
            #expect(failure?.code == .noMachine || failure?.code == .noMatch, "\(failure as Any)")
        }
    }

    @Test("A create that no probe decides is planned anew after a while")
    func isDue() async throws {
        try await withStore { (store) async throws in
            let pinned = try await create(on: 2, store)
            #expect(try await take(store).results == [.deferred])
            #expect(try await store.sweep().due.isEmpty)
            _ = try await store.redis.send(["ZADD", "hvc:delayed", "1", "\(pinned.job)"])
            #expect(try await store.sweep().due == [pinned.job])
            #expect(try await take(store).results == [.deferred])
        }
    }

    @Test("A destroy of its VM waits behind it")
    func destroyed() async throws {
        try await withStore { (store) async throws in
            let pinned = try await create(on: 2, store)
            #expect(try await take(store).results == [.deferred])
            let destroy = try await store.enqueueDestroy(pinned.vm, request: "")
            #expect(try await take(store).direct.map(\.result) == [.waiting])
            try await probe(2, .unknown, store)
            #expect(try await take(store).results == [.ended])
            #expect(try await take(store).direct.map(\.result) == [.ended])
            #expect(try await store.status(of: destroy.job)?.state == .done)
        }
    }

    @Test("Free slots are shared: each queue gets half of them at least, and none stays free while there is work")
    func shares() {
        for free in 0...9 {
            for planned in 0...9 {
                for direct in 0...9 {
                    for favorsDirect in [false, true] {
                        let share = IntakeShare(
                            free: free,
                            planned: planned,
                            direct: direct,
                            favorsDirect: favorsDirect
                        )
                        #expect(share.planned >= min(planned, free / 2) && share.direct >= min(direct, free / 2))
                        #expect(share.planned + share.direct == min(free, planned + direct))
                        #expect(share.planned <= planned && share.direct <= direct)
                    }
                }
            }
        }
        // A worker with one slot takes of both in turn.
        #expect(IntakeShare(free: 1, planned: 1, direct: 1, favorsDirect: true).direct == 1)
        #expect(IntakeShare(free: 1, planned: 1, direct: 1, favorsDirect: false).planned == 1)
    }
}
