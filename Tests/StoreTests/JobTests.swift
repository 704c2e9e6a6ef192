import Model
import Placement
import RedisClient
import Store
import Testing

@Suite("Jobs that a worker holds")
struct JobTests {
    private func withRunningJob(_ body: (StoreFixture, Lease) async throws -> Void) async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.up(1, Resources(cpu: 4, ram: 4096, disk: 10))
            _ = try await fixture.create()
            _ = try await fixture.takeAll()
            try await body(fixture, Lease(job: 1.identifier(), epoch: 1))
        }
    }

    @Test("A create that is done runs and keeps its claim; a destroy that is done releases it and leaves nothing")
    func done() async throws {
        try await withRunningJob { (fixture, lease) async throws in
            let store = fixture.store
            #expect(try await store.finish(lease, by: "w", JobEnding()))
            #expect(try await store.vm(1.identifier())?.state == .running)
            #expect(try await fixture.list("hvc:processing:w").isEmpty)
            #expect(try await store.redis.send(["ZCARD", "hvc:leases"]).int == 0)
            _ = try await store.enqueueDestroy(1.identifier(), request: "")
            _ = try await fixture.takeAll()
            #expect(try await store.finish(Lease(job: 2.identifier(), epoch: 1), by: "w", JobEnding()))
            #expect(try await store.vm(1.identifier()) == nil)
            let machine = try #require(try await store.machine(1.identifier()))
            #expect(machine.claimed == .zero && machine.vmCount == 0)
            #expect(try await store.redis.send(["KEYS", "hvc:vm:*"]).array?.isEmpty == true)
        }
    }

    @Test("A create that failed releases its claim; a destroy that failed leaves the VM as it was")
    func failed() async throws {
        try await withRunningJob { (fixture, lease) async throws in
            let failure = Failure(.hypervisor, "no", cause: "because")
            #expect(try await fixture.store.finish(lease, by: "w", JobEnding(failure: failure)))
            #expect(try await fixture.store.status(of: lease.job)?.failure == failure)
            let machine = try await fixture.store.machine(1.identifier())
            #expect(machine?.claimed == .zero)
            #expect(try await fixture.store.vm(1.identifier()) == nil)
        }
        try await withRunningJob { (fixture, lease) async throws in
            let store = fixture.store
            #expect(try await store.finish(lease, by: "w", JobEnding()))
            _ = try await store.enqueueDestroy(1.identifier(), request: "")
            _ = try await fixture.takeAll()
            let failure = Failure(.machineUnreachable, "gone")
            #expect(try await store.finish(Lease(job: 2.identifier(), epoch: 1), by: "w", JobEnding(failure: failure)))
            #expect(try await store.vm(1.identifier())?.state == .running)
            #expect(try await store.machine(1.identifier())?.vmCount == 1)
            _ = try await store.enqueueDestroy(1.identifier(), request: "")
        }
    }

    @Test("Of two finishers one wins; one with an old epoch writes nothing")
    func fenced() async throws {
        try await withRunningJob { (fixture, lease) async throws in
            let store = fixture.store
            #expect(try await store.requeue(lease, reason: "stopping"))
            #expect(try await fixture.queued().count == 1)
            #expect(try await store.finish(lease, by: "w", JobEnding()) == false)
            let (_, outcome) = try await fixture.takeAll(worker: "other")
            guard case .started(let epoch, let pm, _) = outcome.results.first else {
                Issue.record("not started again: \(outcome)")
                return
            }
            #expect(epoch > lease.epoch)
            #expect(pm?.value == 1)
            #expect(try await store.machine(1.identifier())?.claimed == Resources(cpu: 1, ram: 512, disk: 1))
            #expect(try await store.finish(lease, by: "w", JobEnding()) == false)
            let second = Lease(job: lease.job, epoch: epoch)
            #expect(try await store.finish(second, by: "other", JobEnding()))
            #expect(try await store.finish(second, by: "other", JobEnding()) == false)
        }
    }

    @Test("A lease that ran out goes back to the front, and its old holder learns that it lost it")
    func expired() async throws {
        try await withRunningJob { (fixture, lease) async throws in
            let store = fixture.store
            _ = try await fixture.create("later")
            #expect(try await store.renew([lease], for: .seconds(30)).isEmpty)
            #expect(try await store.sweep().recovered.isEmpty)
            // The lease ends now by Redis' clock.
            #expect(try await store.renew([lease], for: .zero).isEmpty)
            #expect(try await store.sweep().recovered == [lease.job])
            let queue = try await fixture.queued()
            #expect(queue.count == 2 && queue.last?.hasPrefix(#"{"job":1,"#) == true)
            #expect(try await fixture.list("hvc:processing:w").isEmpty)
            #expect(try await store.renew([lease], for: .seconds(30)) == [lease.job])
        }
    }

    @Test("History is bounded by count: the newest records stay, and a bound that became smaller is reached in steps")
    func history() async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.up(1, Resources(cpu: 40, ram: 40_960, disk: 100))
            for _ in 0..<16 {
                _ = try await fixture.create()
                _ = try await fixture.takeAll()
            }
            let store = Store(redis: fixture.store.redis, jobRetention: JobRetention(count: 2))
            func end(_ job: Int, in store: Store) async throws {
                #expect(try await store.finish(Lease(job: job.identifier(), epoch: 1), by: "w", JobEnding()))
            }
            // Without a bound in reach none goes.
            for job in 1...14 { try await end(job, in: fixture.store) }
            #expect(try await ended(fixture).count == 14)
            try await end(15, in: store)
            #expect(try await ended(fixture) == ["15", "14", "13", "12", "11"])
            try await end(16, in: store)
            #expect(try await ended(fixture) == ["16", "15"])
            let records = try await store.redis.send(["KEYS", "hvc:job:*[0-9]"]).strings ?? []
            #expect(Set(records) == ["hvc:job:15", "hvc:job:16"])
            #expect(try await store.redis.send(["KEYS", "hvc:job:*:explanation"]).strings?.count == 2)
            // Only history goes: the VMs run on, and their PM keeps their claims.
            #expect(try await store.machine(1.identifier())?.vmCount == 16)
        }
    }

    /// The jobs whose records are kept, newest first.
    private func ended(_ fixture: StoreFixture) async throws -> [String] {
        try await fixture.list("hvc:jobs:ended").map { String($0.prefix { $0 != ":" }) }
    }

    @Test("History is bounded by bytes: where jobs have much to say, fewer are kept, and the newest always")
    func historyBytes() async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.up(1, Resources(cpu: 40, ram: 40_960, disk: 100))
            // As an earlier version left it.
            _ = try await fixture.store.redis.send(["RPUSH", "hvc:jobs:ended", "1000", "999"])
            let store = Store(redis: fixture.store.redis, jobRetention: JobRetention(bytes: 100_000))
            for job in 1...20 {
                _ = try await fixture.create()
                _ = try await fixture.takeAll()
                let cause = String(repeating: "x", count: job == 20 ? 200_000 : 20_000)
                let failure = Failure(.hypervisor, "no", cause: cause)
                #expect(
                    try await store.finish(Lease(job: job.identifier(), epoch: 1), by: "w", JobEnding(failure: failure))
                )
                #expect(try await store.status(of: job.identifier())?.failure == failure)
                if job == 19 { #expect(try await ended(fixture) == ["19", "18", "17", "16", "15"]) }
            }
            #expect(try await ended(fixture) == ["20"])
            #expect(try await store.redis.send(["KEYS", "hvc:job:*[0-9]"]).strings == ["hvc:job:20"])
        }
    }

    @Test("An explanation goes sooner than its job's record, and never while the job is under way")
    func explanation() async throws {
        try await withRunningJob { (fixture, lease) async throws in
            let redis = fixture.store.redis
            let key = "hvc:job:\(lease.job):explanation"
            #expect(try await redis.send(["TTL", key]).int == -1)
            let shown = try #require(try await fixture.store.explanation(of: lease.job))
            #expect(shown.decision?.chosen?.value == 1)
            let store = Store(redis: redis, jobRetention: JobRetention(explanation: .seconds(100)))
            #expect(try await store.finish(lease, by: "w", JobEnding()))
            let lives = try #require(try await redis.send(["TTL", key]).int)
            #expect((90...100).contains(lives))
            #expect(try await redis.send(["TTL", "hvc:job:\(lease.job)"]).int ?? 0 > 600_000)
            _ = try await redis.send(["DEL", key])
            #expect(try await store.explanation(of: lease.job)?.decision == nil)
            // As an earlier version wrote it.
            _ = try await redis.send([
                "HSET", "hvc:job:\(lease.job)", "decision",
                #"{"policy":"pack","fit":3,"objections":{},"considered":[]}"#,
            ])
            #expect(try await store.explanation(of: lease.job)?.decision?.policy == "pack")
        }
    }

    @Test("A worker's record goes by itself")
    func workers() async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.store.announce(worker: "w", fields: ["jobs": "0"], lifetime: .seconds(30))
            #expect(try await fixture.field("hvc:worker:w", "jobs") == "0")
            let life = try #require(try await fixture.store.redis.send(["PTTL", "hvc:worker:w"]).int)
            #expect((1...30_000).contains(life))
        }
    }
}
