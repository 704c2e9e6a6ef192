import EmbeddedRedis
import Model
import Placement
import RedisClient
import Store
import TestKit
import Testing

@testable import Worker

/// What becomes of a job whose worker is slow, or was never registered: the store on its scripts, in virtual time.
@Suite("Jobs of workers that are slow or unknown")
struct DeadWorkerTests {
    private static let lease = Duration.seconds(15)

    private let redis = EmbeddedRedis()
    private let store: Store

    init() async throws {
        store = Store(redis: redis)
        _ = try await store.register(types: [Resources(cpu: 1, ram: 512, disk: 1)])
        let facts = ImageRegistration.Facts(format: .qcow2, fileBytes: 1, diskBytes: 1, fingerprint: "a")
        _ = try await store.register(images: [ImageRegistration(path: "/images/a", name: "a", facts: facts)])
        _ = try await store.register(machines: [PMListing(address: try PMAddress("host1"))])
        let capacity = Resources(cpu: 4, ram: 4096, disk: 40)
        let measure = PMMeasure(capacity: capacity, available: capacity, foreign: .zero, claimed: .zero, load: 0)
        let pm = PMID(known: 1)
        try await store.record(DiscoveryReport(state: .up, measure: measure), of: pm, next: .seconds(60))
    }

    /// A create that a worker holds, which nobody has registered.
    private func claim() async throws -> Lease {
        _ = try await store.enqueueCreate(
            name: "a",
            type: TypeID(known: 1),
            image: ImageID(known: 100),
            request: ""
        )
        var cache = FleetCache()
        let snapshot = try await store.poll(since: cache.position, limit: 1)
        cache.update(by: snapshot)
        let steps = IntakePlan.steps(for: snapshot.lines, on: cache.fleet, by: .seed)
        let outcome = try await store.claim(
            steps,
            headroomVersion: snapshot.headroomVersion,
            worker: "w",
            lease: Self.lease
        )
        guard case .started(let epoch, _, _) = try #require(outcome.results.first) else {
            throw Failure(.internalFault, "the create was not started")
        }
        return Lease(job: JobID(known: 1), epoch: epoch)
    }

    @Test("A permit for a step renews the lease: nobody takes the job over while the step is done")
    func permitRenews() async throws {
        let lease = try await claim()
        redis.time += Self.lease - .seconds(1)
        let begin = StepBegin("image", isProgress: true, writing: [])
        guard case .go = try await store.beginStep(begin, of: lease, for: Self.lease) else {
            Issue.record("the step may not begin")
            return
        }
        redis.time += Self.lease - .seconds(1)
        #expect(try await store.sweep().recovered == [])
        redis.time += .seconds(2)
        #expect(try await store.sweep().recovered == [lease.job])
        #expect(try await store.beginStep(begin, of: lease, for: Self.lease) == .lost)
    }

    @Test("A worker that was never registered is found by what it claimed: its job goes on without its lease")
    func unregisteredWorker() async throws {
        let lease = try await claim()
        _ = redis.run(["ZREM", "hvc:leases", "\(lease.job)"])
        redis.time += .seconds(600)
        _ = try await store.sweep()
        redis.time += .seconds(1)
        _ = try await store.sweep()
        #expect(redis.run(["HGET", "hvc:job:\(lease.job)", "state"]).string == "queued")
        #expect(redis.run(["ZCARD", "hvc:queue:returned"]).int == 1)
    }
}
