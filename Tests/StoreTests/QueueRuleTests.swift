import Model
import Placement
import RedisClient
import Store
import TestKit
import Testing

@Suite("Rules for the queues")
struct QueueRuleTests {
    private let one = Resources(cpu: 1, ram: 512, disk: 1)
    private let many = Resources(cpu: 8, ram: 8192, disk: 80)

    private func hold(_ fixture: StoreFixture) async throws -> Acceptance {
        try await fixture.store.enqueueHold(
            type: try 1.identifier(),
            image: try 100.identifier(),
            seconds: 600,
            request: "r"
        )
    }

    @Test("While the queue is paused nothing is taken, planned before or not, and what runs goes on")
    func paused() async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.up(1, many)
            let running = try await fixture.create()
            #expect(try await fixture.takeAll().1.results.count == 1)
            let job = try await fixture.create().job
            let before = try await fixture.store.poll(since: .start, limit: 9)
            try await fixture.store.pauseQueue(reason: "why not")
            let place = ClaimAction.place(try 1.identifier(), PlacementExplanation(policy: "seed"))
            let outcome = try await fixture.store.claim(
                before.lines.map { ($0, place) },
                direct: 9,
                headroomVersion: before.headroomVersion,
                worker: "w",
                lease: .seconds(60)
            )
            #expect(before.lines.count == 1 && outcome.results.isEmpty && outcome.stop == .moved)
            let lease = Lease(job: running.job, epoch: 1)
            #expect(try await fixture.store.finish(lease, by: "w", JobEnding()))
            _ = try await fixture.store.enqueueDestroy(running.vm, request: "")
            let during = try await fixture.store.poll(since: .start, limit: 9)
            #expect(during.lines.isEmpty && during.direct == 0)
            let pause = try #require(try await fixture.store.queueRules().pause)
            #expect(pause.reason == "why not" && pause.at.hasSuffix("Z"))
            let why = try await fixture.store.whyWaiting(job)
            #expect(why == "the queue has been paused since \(pause.at): why not")

            try await fixture.store.resumeQueue()
            #expect(try await fixture.takeAll().1.results.count == 2)
            #expect(try await fixture.store.whyWaiting(job) == nil)
        }
    }

    @Test(
        "Jobs of a deferred kind wait with the reason, come back in their order when the rule goes, and were not lost"
    )
    func comesBack() async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.up(1, many)
            let jobs = [try await fixture.create().job, try await fixture.create().job]
            try await fixture.store.setRule(for: QueueRuleScope(kind: .create), .deferred, reason: "storage is full")
            #expect(try await fixture.takeAll().1.results == [.deferred, .deferred])
            #expect(try await fixture.store.whyWaiting(jobs[0]) == "storage is full")
            let rules = try await fixture.store.queueRules().rules
            #expect(rules.map(\.deferred) == [2] && rules.map(\.rule.scope) == [QueueRuleScope(kind: .create)])
            let status = try await fixture.store.queueStatus()
            #expect(status.deferred == 2 && status.capacity.depth == 0)

            // One comes back by itself, and is deferred again.
            _ = try await fixture.store.redis.send(["ZADD", "hvc:delayed", "1", jobs[1].value])
            #expect(try await fixture.store.sweep().due == [jobs[1]])
            #expect(try await fixture.store.queueRules().rules.map(\.deferred) == [1])
            #expect(try await fixture.takeAll().1.results == [.deferred])

            #expect(try await fixture.store.dropRule(for: QueueRuleScope(kind: .create)))
            #expect(try await Set(fixture.store.sweep().due) == Set(jobs))
            let (_, claim) = try await fixture.takeAll()
            #expect(claim.results.count == 2)
            #expect(try await fixture.field("hvc:job:1", "state") == "running")
            #expect(try await fixture.store.redis.send(["EXISTS", "hvc:queue:deferred:create"]).int == 0)
            #expect(try await fixture.field("hvc:job:1", "rule") == nil)
            #expect(try await fixture.store.dropRule(for: QueueRuleScope(kind: .create)) == false)
        }
    }

    @Test("A rule is for the jobs that fit all of its kind, project and label")
    func scopes() async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.up(1, many)
            let (store, web) = (fixture.store, try #require(ProjectName("web")))
            try await store.createProject(web, quotas: [:])
            func create(in project: ProjectName, _ labels: [String: String] = [:]) async throws -> Acceptance {
                try await store.enqueueCreate(
                    name: "a",
                    type: 1.identifier(),
                    image: 100.identifier(),
                    notes: VMNotes(labels: labels),
                    project: project,
                    request: "r"
                )
            }
            let both = QueueRuleScope(project: web, label: "env=prod")
            try await store.setRule(for: both, .deferred, reason: "r")
            _ = try await create(in: web)
            let deferred = try await create(in: web, ["env": "prod", "tier": "db"])
            _ = try await create(in: .default, ["env": "prod"])
            _ = try await create(in: web, ["env": "prod-2"])
            let results = try await fixture.takeAll().1.results
            #expect(results.filter { $0 == .deferred }.count == 1 && results[1] == .deferred, "\(results)")
            #expect(try await store.queueRules().rules.map(\.rule.scope) == [both])
            #expect(try await store.queueRules().rules.map(\.deferred) == [1])
            try await store.setRule(for: QueueRuleScope(kind: .destroy, project: web), .reject, reason: "no")
            await #expect(throws: Failure.self) { try await store.enqueueDestroy(deferred.vm, request: "r") }
            _ = try await create(in: web)
            try await store.cancel(deferred.job)
            #expect(try await store.dropRule(for: both))
            #expect(try await store.redis.send(["KEYS", "hvc:queue:deferred:*"]).strings == [])
        }
    }

    @Test("A deferred job that is cancelled is deferred no more")
    func cancelled() async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.up(1, many)
            let job = try await fixture.create().job
            try await fixture.store.setRule(for: QueueRuleScope(kind: .create), .deferred, reason: "r")
            #expect(try await fixture.takeAll().1.results == [.deferred])
            try await fixture.store.cancel(job)
            #expect(try await fixture.store.queueRules().rules.map(\.deferred) == [0])
            #expect(try await fixture.store.queueStatus().deferred == 0)
        }
    }

    @Test("What was planned behind a deferred job is planned anew without that job's claim")
    func planBehind() async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.up(1, one)
            _ = try await fixture.create()
            _ = try await hold(fixture)
            try await fixture.store.setRule(for: QueueRuleScope(kind: .create), .deferred, reason: "r")
            let snapshot = try await fixture.store.poll(since: .start, limit: 9)
            let explanation = PlacementExplanation(policy: "seed")
            let first = try await fixture.store.claim(
                [
                    (snapshot.lines[0], .place(try 1.identifier(), explanation)),
                    (snapshot.lines[1], .refuse(Failure(.noCapacity, "full"), explanation)),
                ],
                direct: 0,
                headroomVersion: snapshot.headroomVersion,
                worker: "w",
                lease: .seconds(60)
            )
            #expect(first.results == [.deferred] && first.stop == .moved)
            #expect(try await fixture.field("hvc:job:2", "state") == "queued")
        }
    }

    @Test("What has begun goes on, whatever the rule says")
    func begun() async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.up(1, many)
            let job = try await fixture.create().job
            _ = try await fixture.takeAll()
            try await fixture.store.setRule(for: QueueRuleScope(kind: .create), .deferred, reason: "r")
            #expect(try await fixture.store.requeue(Lease(job: job, epoch: 1), reason: "stopped"))
            #expect(try await fixture.takeAll().1.untimed == [.started(epoch: 3, pm: try 1.identifier())])
        }
    }

    @Test("A rejected kind is refused with the reason and nothing is written; what was accepted before goes on")
    func rejected() async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.up(1, many)
            let vm = try await fixture.create().vm
            try await fixture.store.setRule(for: QueueRuleScope(kind: .create), .deferred, reason: "first")
            #expect(try await fixture.takeAll().1.results == [.deferred])
            for kind in [Job.Kind.create, .hold, .destroy] {
                try await fixture.store.setRule(for: QueueRuleScope(kind: kind), .reject, reason: "no \(kind)s")
            }
            let before = try await fixture.everything()
            func refusal(_ body: () async throws -> Void) async throws -> Failure? {
                await #expect(throws: Failure.self) { try await body() }
            }
            for failure in [
                try await refusal { _ = try await fixture.create() }, try await refusal { _ = try await hold(fixture) },
                try await refusal { _ = try await fixture.store.enqueueDestroy(vm, request: "") },
            ] { #expect(failure?.code == .rejectedByRule && failure?.message.contains("s; GET") == true) }
            #expect(try await fixture.everything() == before)
            // What the rule before had deferred was accepted.
            #expect(try await fixture.store.sweep().due.count == 1)
            #expect(try await fixture.takeAll().1.results.count == 1)
        }
    }

    @Test("A rule for what is no kind is refused, and a broken one stops claims and requests and changes nothing")
    func broken() async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.up(1, many)
            await #expect(throws: Failure.self) {
                try await fixture.store.setRule(for: QueueRuleScope(kind: "dance"), .reject, reason: "r")
            }
            _ = try await fixture.create()
            for value in ["no JSON", "[]", #"{"action":"defer"}"#] {
                _ = try await fixture.store.redis.send(["HSET", "hvc:queue:rules", "create", value])
                let before = try await fixture.everything()
                for body: () async throws -> Void in [
                    { _ = try await fixture.create() }, { _ = try await fixture.takeAll() },
                ] {
                    let failure = await #expect(throws: Failure.self) { try await body() }
                    #expect(failure?.code == .malformedRecord && failure?.message.contains("hvc:queue:rules") == true)
                }
                #expect(try await fixture.everything() == before)
            }
        }
    }
}
