import Model
import Placement
import RedisClient
import Store
import TestKit
import Testing

@Suite("What workers that died have left")
struct SweepTests {
    private func withRunningJob(_ body: (StoreFixture, Lease) async throws -> Void) async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.up(1, Resources(cpu: 4, ram: 4096, disk: 10))
            _ = try await fixture.create()
            _ = try await fixture.takeAll()
            try await fixture.store.announce(worker: "w", fields: [:], lifetime: .seconds(60))
            try await body(fixture, Lease(job: 1.identifier(), epoch: 1))
        }
    }

    /// Lets the lease of job 1 run out, sweeps, and takes the job again.
    private func crash(_ fixture: StoreFixture) async throws -> SweepOutcome {
        _ = try await fixture.store.redis.send(["ZADD", "hvc:leases", 1, 1])
        return try await fixture.store.sweep()
    }

    @Test("A job without a lease comes back, also that of a worker that died before it announced itself")
    func unannounced() async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.up(1, Resources(cpu: 4, ram: 4096, disk: 10))
            _ = try await fixture.create()
            _ = try await fixture.takeAll(worker: "brief")
            _ = try await fixture.store.redis.send(["DEL", "hvc:leases", "hvc:repair"])
            #expect(try await fixture.store.sweep().recovered.map(\.value) == [1])
        }
    }

    @Test("A job that ends its worker three times is given up with the cause; a destroy cleans up, the others go on")
    func givenUp() async throws {
        try await withRunningJob { (fixture, lease) async throws in
            let store = fixture.store
            for _ in 1...2 {
                #expect(try await crash(fixture).recovered == [lease.job])
                _ = try await fixture.takeAll()
            }
            _ = try await store.enqueueDestroy(1.identifier(), request: "")
            _ = try await fixture.takeAll()
            #expect(try await store.status(of: 2.identifier())?.state == .waiting)
            #expect(try await crash(fixture).givenUp == [lease.job])
            let status = try #require(try await store.status(of: lease.job))
            #expect(status.state == .dead && status.failure?.code == .gaveUp)
            #expect(status.failure?.cause?.contains("3 times") == true)
            #expect(try await fixture.list("hvc:dead").count == 1)
            #expect(try await store.vm(1.identifier())?.state == .error)
            #expect(try await store.machine(1.identifier())?.vmCount == 1)
            // The destroy that stood behind it goes on.
            let (_, claim) = try await fixture.takeAll()
            #expect(claim.untimed == [.started(epoch: 1, pm: try 1.identifier())])
            #expect(try await store.finish(Lease(job: 2.identifier(), epoch: 1), by: "w", JobEnding()))
            #expect(try await store.machine(1.identifier())?.vmCount == 0)
        }
    }

    @Test("A job that comes on between two crashes is not given up")
    func progress() async throws {
        try await withRunningJob { (fixture, lease) async throws in
            var epoch = lease.epoch
            for step in Operation.create.steps.map(\.name) {
                let lease = Lease(job: lease.job, epoch: epoch)
                #expect(try await fixture.begin(step, of: lease))
                #expect(try await crash(fixture).recovered == [lease.job])
                _ = try await fixture.takeAll()
                epoch += 2
            }
        }
    }

    @Test("A job that stays at a step between three crashes is given up")
    func noProgress() async throws {
        try await withRunningJob { (fixture, lease) async throws in
            #expect(try await fixture.begin("disk", of: lease))
            for crashes in 1...3 {
                let outcome = try await crash(fixture)
                #expect(outcome.recovered == (crashes < 3 ? [lease.job] : []))
                #expect(outcome.givenUp == (crashes < 3 ? [] : [lease.job]))
                guard crashes < 3 else { continue }
                _ = try await fixture.takeAll()
                let held = Lease(job: lease.job, epoch: 1 + 2 * crashes)
                #expect(try await fixture.begin("disk", isProgress: false, of: held))
            }
        }
    }

    @Test("The fence before each action lets the holder of the job pass, and nobody else")
    func fence() async throws {
        try await withRunningJob { (fixture, lease) async throws in
            let store = fixture.store
            #expect(try await fixture.begin("disk", of: lease))
            #expect(try await fixture.begin("image", isProgress: false, of: lease))
            #expect(try await fixture.field("hvc:job:1", "step") == "disk")
            #expect(try await store.requeue(lease, reason: "test"))
            #expect(try await !fixture.begin("start", of: lease))
            _ = try await fixture.takeAll()
            #expect(try await !fixture.begin("start", of: lease))
            let held = Lease(job: lease.job, epoch: 3)
            #expect(try await fixture.begin("start", of: held))
            #expect(try await store.finish(held, by: "w", JobEnding()))
            #expect(try await !fixture.begin("start", of: held))
        }
    }

    @Test("A PM that was closed before anything of the VM was made there takes nothing; what was made there goes on")
    func closed() async throws {
        try await withRunningJob { (fixture, lease) async throws in
            for name in ["image", "disk"] {
                let step = StepBegin(name, isProgress: true, writing: [])
                _ = try await fixture.store.redis.send(["HSET", "hvc:pm:1", "cordoned", 1])
                #expect(try await fixture.store.beginStep(step, of: lease, for: .seconds(60)) == .closed)
                let undo = StepBegin(nil, isProgress: false, writing: [])
                #expect(try await fixture.store.beginStep(undo, of: lease, for: .seconds(60)) != .closed)
                _ = try await fixture.store.redis.send(["HSET", "hvc:pm:1", "cordoned", 0])
                #expect(try await fixture.begin(name, of: lease))
            }
            _ = try await fixture.store.redis.send(["HSET", "hvc:pm:1", "cordoned", 1])
            #expect(try await fixture.begin("domain", of: lease))
        }
    }

    @Test("A running job without a lease, a lease without a job, and an entry for nothing are repaired")
    func repair() async throws {
        try await withRunningJob { (fixture, lease) async throws in
            let store = fixture.store
            _ = try await store.redis.send(["ZREM", "hvc:leases", 1])
            _ = try await store.redis.send(["ZADD", "hvc:leases", 1, 77])
            _ = try await store.redis.send(["LPUSH", "hvc:processing:w", #"{"job":55,"kind":"create"}"#])
            _ = try await store.redis.send(["LPUSH", "hvc:processing:w", "junk"])
            // It gets a lease that is over, so the same sweep takes it back.
            #expect(try await store.sweep().recovered == [lease.job])
            #expect(try await fixture.list("hvc:processing:w").isEmpty)
            #expect(try await store.redis.send(["ZCARD", "hvc:leases"]).int == 0)
            #expect(try await fixture.queued().count == 1)
        }
    }

    @Test("A cordon that was set by hand reaches workers that planned on the PM")
    func cordonByHand() async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.up(1, Resources(cpu: 4, ram: 4096, disk: 10))
            _ = try await fixture.create()
            let known = try await fixture.store.poll(since: .start, limit: 1)
            _ = try await fixture.store.redis.send(["HSET", "hvc:pm:1", "cordoned", 1])
            #expect(try await fixture.store.poll(since: known.position, limit: 1).changed.isEmpty)
            let claim = try await fixture.store.claim(
                [(known.lines[0], .place(1.identifier(), PlacementExplanation(policy: "seed")))],
                headroomVersion: known.headroomVersion,
                worker: "w",
                lease: .seconds(9)
            )
            #expect(claim.stop == .full)
            let changed = try await fixture.store.poll(since: known.position, limit: 1).changed
            #expect(changed.first?.isCordoned == true)
        }
    }

    @Test("The dead-letter list keeps its newest entries, and of each no more than one of ours has")
    func deadListIsBounded() async throws {
        try await StoreFixture.with { (fixture) async throws in
            let redis = fixture.store.redis
            let old = (0..<1200).map { "\($0)" }
            _ = try await redis.send(
                RedisCommand("RPUSH", arguments: (["hvc:dead"] + old).map(\.redisArgument)),
                timeout: nil
            )
            let huge = "junk" + String(repeating: "x", count: 100_000)
            _ = try await redis.send(["LPUSH", "hvc:queue", huge])
            let snapshot = try await fixture.store.poll(since: .start, limit: 1)
            let outcome = try await fixture.store.claim(
                snapshot.lines.map { ($0, .deadLetter(reason: "no entry")) },
                headroomVersion: snapshot.headroomVersion,
                worker: "w",
                lease: .seconds(60)
            )
            #expect(outcome.results == [.deadLettered])
            let dead = try await fixture.list("hvc:dead")
            #expect(dead.count == 1000 && dead.last == "998")
            #expect(dead.first?.hasPrefix(#"{"#) == true && (8192...8400).contains(dead.first?.utf8.count ?? 0))
        }
    }
}
