import Model
import RedisClient
import Store
import TestKit
import Testing

@Suite("Jobs that leave their worker without an end")
struct RequeueTests {
    private let four = Resources(cpu: 4, ram: 4096, disk: 10)
    private let silent = Failure(.machineUnreachable, "silent", cause: "no route")

    /// A create that runs on PM 1, with PM 2 up beside it.
    private func withRunningJob(_ body: (StoreFixture, Lease) async throws -> Void) async throws {
        try await StoreFixture.with(machines: ["host1", "host2"]) { (fixture) async throws in
            for pm in 1...2 { try await fixture.up(pm, four) }
            _ = try await fixture.create()
            _ = try await fixture.takeAll()
            try await body(fixture, Lease(job: 1.identifier(), epoch: 1))
        }
    }

    @Test("A job that is deferred keeps its claim, is nobody's, and comes back when it is due")
    func postponed() async throws {
        try await withRunningJob { (fixture, lease) async throws in
            let store = fixture.store
            #expect(try await store.postpone(lease, by: .seconds(60), because: silent))
            #expect(try await store.postpone(lease, by: .seconds(60), because: silent) == false)
            #expect(try await store.status(of: lease.job)?.state == .delayed)
            #expect(try await store.tries(of: lease.job) == 1)
            #expect(try await fixture.queued().isEmpty)
            #expect(try await fixture.list("hvc:processing:w").isEmpty)
            #expect(try await store.machine(1.identifier())?.vmCount == 1)
            let outcome = try await store.sweep()
            #expect(outcome.due.isEmpty)
            #expect(try #require(outcome.next) > .seconds(30))
            _ = try await store.redis.send(["ZADD", "hvc:delayed", 1, 1])
            #expect(try await store.sweep().due == [lease.job])
            let (_, claim) = try await fixture.takeAll(worker: "other")
            #expect(claim.results == [.started(epoch: 3, pm: try 1.identifier())])
            #expect(try await store.machine(1.identifier())?.vmCount == 1)
        }
    }

    @Test("A wait for an image is no failed try")
    func waitForImage() async throws {
        try await withRunningJob { (fixture, lease) async throws in
            let fetching = Failure(.imageFetching, "it is being fetched")
            #expect(try await fixture.store.postpone(lease, by: .seconds(60), because: fetching))
            #expect(try await fixture.store.tries(of: lease.job) == 0)
        }
    }

    @Test("What was deferred for a PM comes back as soon as the PM is up again")
    func upAgain() async throws {
        try await withRunningJob { (fixture, lease) async throws in
            #expect(try await fixture.store.postpone(lease, by: .seconds(600), because: silent))
            try await fixture.store.record(
                DiscoveryReport(state: .unknown, reason: "away"),
                of: 1.identifier(),
                next: .seconds(60)
            )
            #expect(try await fixture.queued().isEmpty)
            try await fixture.up(1, four)
            #expect(try await fixture.queued().count == 1)
            #expect(try await fixture.store.redis.send(["EXISTS", "hvc:delayed", "hvc:pm:1:delayed"]).int == 0)
        }
    }

    @Test("A create is rescheduled to a PM that it was not tried on, and its claim on the first is released")
    func movedOn() async throws {
        try await withRunningJob { (fixture, lease) async throws in
            let store = fixture.store
            #expect(try await store.reschedule(lease, because: silent, penalizesPM: true))
            #expect(try await fixture.queued().first?.hasSuffix(#","tried":[1]}"#) == true)
            let first = try #require(try await store.machine(1.identifier()))
            #expect(first.claimed == .zero && first.vmCount == 0 && first.failures == 1)
            let (_, claim) = try await fixture.takeAll()
            #expect(claim.results == [.started(epoch: 3, pm: try 2.identifier())])
            #expect(try await store.reschedule(Lease(job: lease.job, epoch: 3), because: silent, penalizesPM: true))
            #expect(try await fixture.queued().first?.hasSuffix(#","tried":[1,2]}"#) == true)
            let (_, last) = try await fixture.takeAll()
            #expect(last.results == [.ended])
            // What the PMs said counts for more than that there is no other.
            let failure = try await store.status(of: lease.job)?.failure
            #expect(failure?.code == .machineUnreachable && failure?.message == "silent")
            #expect(failure?.cause?.contains("no PM") == true)
            #expect(try await store.vm(1.identifier()) == nil)
        }
    }

    @Test("A job that comes back takes its place by its number, before and behind others")
    func order() async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.up(1, Resources(cpu: 500, ram: 1 << 20, disk: 500))
            for _ in 1...200 { _ = try await fixture.create() }
            _ = try await fixture.takeAll(limit: 150)
            for job in [120, 3, 150] {
                let lease = Lease(job: try job.identifier(), epoch: 1)
                #expect(try await fixture.store.requeue(lease, reason: "test"))
            }
            let entries = try await fixture.queued()
            let jobs = entries.reversed().compactMap { $0.firstMatch(of: /"job":(\d+)/).flatMap { Int($0.1) } }
            #expect(jobs == [3, 120, 150] + Array(151...200))
            let snapshot = try await fixture.store.poll(since: .start, limit: 5)
            #expect(snapshot.lines.compactMap(\.entry?.job.value) == [3, 120, 150, 151, 152])
            // One that is younger than all that wait goes behind them.
            let young = #"{"job":900,"kind":"create","vm":149,"cpu":0,"ram":0,"disk":0}"#
            _ = try await fixture.store.redis.send(["ZADD", "hvc:delayed", 1, 900])
            _ = try await fixture.store.redis.send([
                "HSET", "hvc:job:900", "state", "delayed", "entry", young, "vm", 149,
            ])
            #expect(try await fixture.store.sweep().due == [900.identifier()])
            let last = try await fixture.store.poll(since: .start, limit: 100).lines.last
            #expect(last?.bytes == Array(young.utf8))
        }
    }

    @Test(
        "A create that may have left something ends as failed with a cleanup pending; its claim stays until that is done"
    )
    func pendingCleanup() async throws {
        try await withRunningJob { (fixture, lease) async throws in
            let store = fixture.store
            #expect(
                try await store.finish(
                    lease,
                    by: "w",
                    JobEnding(
                        failure: silent,
                        cleanupDelay: .seconds(60),
                        penalizesPM: true
                    )
                )
            )
            #expect(try await store.status(of: lease.job)?.state == .failed)
            #expect(try await store.status(of: 2.identifier())?.state == .delayed)
            #expect(try await store.vm(1.identifier())?.state == .destroying)
            #expect(try await store.machine(1.identifier())?.vmCount == 1)
            await #expect(throws: Failure.self) { try await store.enqueueDestroy(1.identifier(), request: "") }
            try await fixture.store.record(
                DiscoveryReport(state: .unknown),
                of: 1.identifier(),
                next: .seconds(60)
            )
            try await fixture.up(1, four)
            let (_, claim) = try await fixture.takeAll()
            #expect(claim.untimed == [.started(epoch: 1, pm: try 1.identifier())])
            #expect(try await store.finish(Lease(job: 2.identifier(), epoch: 1), by: "w", JobEnding()))
            #expect(try await store.vm(1.identifier()) == nil)
            #expect(try await store.machine(1.identifier())?.vmCount == 0)
            #expect(try await store.redis.send(["EXISTS", "hvc:delayed", "hvc:pm:1:delayed"]).int == 0)
        }
    }

    @Test("Failures count against a PM, time takes them off one by one, a success at once")
    func failures() async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.up(1, four)
            for job in 1...3 {
                _ = try await fixture.create()
                _ = try await fixture.takeAll()
                let lease = Lease(job: try job.identifier(), epoch: 1)
                #expect(try await fixture.store.finish(lease, by: "w", JobEnding(failure: silent, penalizesPM: true)))
            }
            #expect(try await fixture.store.machine(1.identifier())?.failures == 3)
            try await fixture.up(1, four)
            #expect(try await fixture.store.machine(1.identifier())?.failures == 3)
            _ = try await fixture.store.redis.send(["HINCRBY", "hvc:pm:1", "failed_at", -30_000])
            try await fixture.up(1, four)
            try await fixture.up(1, four)
            #expect(try await fixture.store.machine(1.identifier())?.failures == 2)
            _ = try await fixture.create()
            _ = try await fixture.takeAll()
            #expect(try await fixture.store.finish(Lease(job: 4.identifier(), epoch: 1), by: "w", JobEnding()))
            #expect(try await fixture.store.machine(1.identifier())?.failures == 0)
        }
    }
}
