import Model
import RedisClient
import Store
import Testing

@Suite("The step log in Redis")
struct StepLogTests {
    /// A job that a worker holds, with its empty log.
    private func withRunningJob(_ body: (StoreFixture, Lease, inout StepLog) async throws -> Void) async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.up(1, Resources(cpu: 4, ram: 4096, disk: 10))
            _ = try await fixture.create()
            _ = try await fixture.takeAll()
            var log = StepLog([:], on: try 1.identifier(), epoch: 1)
            try await body(fixture, Lease(job: try 1.identifier(), epoch: 1), &log)
        }
    }

    private func write(_ store: Store, _ lease: Lease, _ writes: [StepWrite], into log: inout StepLog) async throws {
        let begin = StepBegin(nil, isProgress: false, writing: writes)
        guard case .go(let time) = try await store.beginStep(begin, of: lease, for: .seconds(60)) else {
            Issue.record("the job is lost")
            return
        }
        log.take(writes, at: time)
    }

    @Test("What is written reads back, with the times of Redis, and people can read it")
    func roundTrip() async throws {
        try await withRunningJob { (fixture, lease, log) async throws in
            let (image, disk) = (Operation.create.steps[0], Operation.create.steps[1])
            try await write(fixture.store, lease, [log.begin(image)], into: &log)
            let end = try #require(log.end(image, detail: "a \"copy\""))
            try await write(fixture.store, lease, [end, log.begin(disk)], into: &log)
            let failure = try #require(log.fail(disk, because: Failure(.storageFull, "名前")))
            #expect(
                try await fixture.store.reschedule(
                    lease,
                    because: Failure(.storageFull, ""),
                    penalizesPM: true,
                    writing: [failure]
                )
            )
            log.take([failure], at: "")
            #expect(try await fixture.store.steps(of: lease.job) == log.records)
            let line = try #require(try await fixture.field("hvc:job:1:steps", "1"))
            #expect(line.hasPrefix(#"{"name":"image","pm":1,"epoch":1,"started_at":"20"#))
            #expect(line.contains(#","detail":"a \"copy\"","ended_at":"20"#))
        }
    }

    @Test("The claim of a new job begins its first step; that of one which comes back does not")
    func firstStep() async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.up(1, Resources(cpu: 4, ram: 4096, disk: 10))
            _ = try await fixture.create()
            let (_, outcome) = try await fixture.takeAll()
            guard case .started(1, let pm, let time?) = outcome.results.first else {
                Issue.record("\(outcome)")
                return
            }
            let job: JobID = try 1.identifier()
            let expected = StepRecord(name: "image", pm: try #require(pm), epoch: 1, startedAt: time)
            #expect(try await fixture.store.steps(of: job) == [1: expected])
            #expect(try await fixture.field("hvc:job:1", "step") == "image")
            #expect(try await fixture.store.requeue(Lease(job: job, epoch: 1), reason: "test"))
            let (_, second) = try await fixture.takeAll()
            #expect(second.results == [.started(epoch: 3, pm: pm)])
            #expect(try await fixture.store.steps(of: job) == [1: expected])
        }
    }

    @Test(
        "A worker that lost the job writes nothing",
        arguments: ["begin", "finish", "requeue", "postpone", "reschedule"]
    )
    func fence(exit: String) async throws {
        try await withRunningJob { (fixture, lease, log) async throws in
            let (store, writes) = (fixture.store, [log.begin(Operation.create.steps[0])])
            #expect(try await store.requeue(lease, reason: "test"))
            _ = try await fixture.takeAll()
            let before = try await fixture.everything()
            let silent = Failure(.machineUnreachable, "")
            switch exit {
            case "begin":
                let begin = StepBegin("image", isProgress: true, writing: writes)
                #expect(try await store.beginStep(begin, of: lease, for: .seconds(60)) == .lost)
            case "finish": #expect(try await !store.finish(lease, by: "w", JobEnding(writing: writes)))
            case "requeue": #expect(try await !store.requeue(lease, reason: "", writing: writes))
            case "postpone":
                #expect(try await !store.postpone(lease, by: .seconds(1), because: silent, writing: writes))
            default:
                #expect(try await !store.reschedule(lease, because: silent, penalizesPM: true, writing: writes))
            }
            #expect(try await fixture.everything() == before)
        }
    }

    @Test("A step renews the lease, so that nobody takes the job over while it is under way")
    func renewal() async throws {
        try await withRunningJob { (fixture, lease, _) async throws in
            let redis = fixture.store.redis
            _ = try await redis.send(["ZADD", "hvc:leases", try await fixture.now() + 50, 1])
            #expect(try await fixture.begin("image", of: lease))
            let end = try #require(try await redis.send(["ZSCORE", "hvc:leases", 1]).string.flatMap(Double.init))
            #expect(Int(end) >= (try await fixture.now()) + 55_000)
        }
    }

    @Test("The log keeps its last lines, and goes with its job's record")
    func bounds() async throws {
        try await withRunningJob { (fixture, lease, log) async throws in
            let store = fixture.store
            for number in 1...StepLog.limit + 6 {
                let record = StepRecord(name: "image", pm: try 1.identifier(), epoch: 1, startedAt: "")
                let write = StepWrite(number: number, record: record, stamp: .started)
                try await self.write(store, lease, [write], into: &log)
            }
            #expect(try await store.steps(of: lease.job).keys.sorted() == Array(7...StepLog.limit + 6))
            #expect(try await store.finish(lease, by: "w", JobEnding()))
            let redis = store.redis
            let lives = [
                try await redis.send(["PTTL", "hvc:job:1"]).int, try await redis.send(["PTTL", "hvc:job:1:steps"]).int,
            ]
            #expect(lives.allSatisfy { $0.map { $0 > 0 } == true })
            let small = Store(redis: redis, keys: store.keys, jobRetention: JobRetention(count: 1))
            _ = try await small.enqueueDestroy(1.identifier(), request: "")
            _ = try await fixture.takeAll()
            #expect(try await small.finish(Lease(job: 2.identifier(), epoch: 1), by: "w", JobEnding()))
            #expect(try await redis.send(["EXISTS", "hvc:job:1", "hvc:job:1:steps"]).int == 0)
        }
    }

    /// When the lease of the job ends, by the clock of Redis.
    private func leaseEnd(_ store: Store) async throws -> Double? {
        try await store.redis.send(["ZSCORE", "hvc:leases", 1]).string.flatMap(Double.init)
    }

    @Test("A step for which no renewal is asked leaves the lease as it is")
    func noRenewal() async throws {
        try await withRunningJob { (fixture, lease, log) async throws in
            let store = fixture.store
            let before = try #require(try await leaseEnd(store))
            let image = StepBegin("image", isProgress: true, writing: [log.begin(Operation.create.steps[0])])
            guard case .go = try await store.beginStep(image, of: lease, for: nil) else {
                Issue.record("the job is lost")
                return
            }
            #expect(try await leaseEnd(store) == before)
            #expect(try await store.steps(of: lease.job).count == 1)
            _ = try await store.redis.send(["SET", "hvc:leases", "x"])
            let failure = await #expect(throws: Failure.self) {
                _ = try await store.beginStep(image, of: lease, for: .seconds(600))
            }
            #expect(failure?.code == .malformedRecord)
        }
    }

    @Test("A log of another type, or a line that is none, is reported and nothing is written")
    func broken() async throws {
        try await withRunningJob { (fixture, lease, log) async throws in
            let store = fixture.store
            let writes = [log.begin(Operation.create.steps[0])]
            _ = try await store.redis.send(["SET", "hvc:job:1:steps", "x"])
            let before = try await fixture.everything()
            for exit in 0..<2 {
                let failure = await #expect(throws: Failure.self) {
                    if exit == 0 {
                        let begin = StepBegin("image", isProgress: true, writing: writes)
                        _ = try await store.beginStep(begin, of: lease, for: .seconds(60))
                    } else {
                        _ = try await store.finish(lease, by: "w", JobEnding(writing: writes))
                    }
                }
                #expect(failure?.code == .malformedRecord)
            }
            #expect(try await fixture.everything() == before)
            _ = try await store.redis.send(["DEL", "hvc:job:1:steps"])
            _ = try await store.redis.send(["HSET", "hvc:job:1:steps", "1", "junk"])
            let failure = await #expect(throws: Failure.self) { try await store.steps(of: lease.job) }
            #expect(failure?.code == .malformedRecord)
        }
    }
}
