import Model
import Placement
import RedisClient
import Store
import TestKit
import Testing

@Suite("Claims")
struct ClaimTests {
    private let two = Resources(cpu: 2, ram: 4096, disk: 10)

    @Test("Entries are taken in order, each with its claim; what finds no headroom is refused and leaves nothing")
    func inOrder() async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.up(1, two)
            for number in 1...3 { _ = try await fixture.create("vm\(number)") }
            let (_, outcome) = try await fixture.takeAll()
            #expect(outcome.stop == .complete)
            let pm: PMID = try 1.identifier()
            #expect(outcome.untimed == [.started(epoch: 1, pm: pm), .started(epoch: 1, pm: pm), .ended])
            #expect(try await fixture.queued().isEmpty)
            #expect(try await fixture.list("hvc:processing:w").count == 2)
            #expect(try await fixture.store.machine(pm)?.claimed == Resources(cpu: 2, ram: 1024, disk: 2))
            #expect(try await fixture.store.vms(on: pm)?.map(\.value) == [1, 2])
            let refused = try #require(try await fixture.store.status(of: 3.identifier()))
            #expect(refused.state == .failed && refused.failure?.code == .noCapacity)
            #expect(try await fixture.store.vm(3.identifier()) == nil)
            let decision = try await fixture.store.redis.send(["GET", "hvc:job:1:explanation"]).string
            #expect(decision?.contains(#""chosen":1"#) == true)
        }
    }

    @Test("A plan for entries that another worker took fails and takes nothing")
    func moved() async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.up(1, two)
            _ = try await fixture.create()
            let snapshot = try await fixture.store.poll(since: .start, limit: 1)
            _ = try await fixture.takeAll(worker: "faster")
            let late = try await fixture.store.claim(
                snapshot.lines.map { ($0, .run) },
                headroomVersion: snapshot.headroomVersion,
                worker: "slower",
                lease: .seconds(9)
            )
            #expect(late == ClaimOutcome(stop: .moved, results: []))
            #expect(try await fixture.list("hvc:processing:slower").isEmpty)
        }
    }

    @Test("A place that is full by now, or closed, is not taken")
    func full() async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.up(1, Resources(cpu: 1, ram: 512, disk: 1))
            for _ in 1...2 { _ = try await fixture.create() }
            let snapshot = try await fixture.store.poll(since: .start, limit: 2)
            let decision = try #require(
                plan(
                    [PlacementRequest(vm: 1.identifier(), needs: .zero)],
                    on: FleetSnapshot(snapshot.changed),
                    by: .seed
                ).first
            )
            let blind = try snapshot.lines.map { line in
                (line: line, action: ClaimAction.place(try 1.identifier(), decision.explanation))
            }
            let outcome = try await fixture.store.claim(
                blind,
                headroomVersion: snapshot.headroomVersion,
                worker: "w",
                lease: .seconds(9)
            )
            #expect(outcome.stop == .full && outcome.results.count == 1)
            #expect(try await fixture.queued().count == 1)
        }
    }

    @Test("A refusal does not count where headroom was freed since the plan")
    func stale() async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.up(1, Resources(cpu: 0, ram: 512, disk: 1))
            _ = try await fixture.create()
            let snapshot = try await fixture.store.poll(since: .start, limit: 1)
            try await fixture.up(1, two)
            let request = PlacementRequest(vm: try 1.identifier(), needs: Resources(cpu: 1, ram: 1, disk: 1))
            let refusal = try #require(plan([request], on: FleetSnapshot(snapshot.changed), by: .seed).first)
            guard case .refuse(let failure) = refusal.outcome else {
                Issue.record("not refused")
                return
            }
            let outcome = try await fixture.store.claim(
                [(snapshot.lines[0], .refuse(failure, refusal.explanation))],
                headroomVersion: snapshot.headroomVersion,
                worker: "w",
                lease: .seconds(9)
            )
            #expect(outcome == ClaimOutcome(stop: .stale, results: []))
            #expect(try await fixture.queued().count == 1)
        }
    }

    @Test("An entry that is none of ours goes to the dead list with the reason, and the next one goes on")
    func malformed() async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.up(1, two)
            _ = try await fixture.store.redis.send(["LPUSH", "hvc:queue", "{\"job\":\"x\" <&'"])
            _ = try await fixture.store.redis.send([
                "LPUSH", "hvc:queue", #"{"job":77,"kind":"create","vm":1,"cpu":1,"ram":1,"disk":1}"#,
            ])
            _ = try await fixture.create()
            // Of a job that there is, with another kind than its record has.
            _ = try await fixture.store.redis.send([
                "RPUSH", "hvc:queue", #"{"job":1,"kind":"destroy","vm":1,"cpu":0,"ram":0,"disk":0}"#,
            ])
            let (_, outcome) = try await fixture.takeAll()
            let pm: PMID = try 1.identifier()
            #expect(outcome.untimed == [.deadLettered, .deadLettered, .deadLettered, .started(epoch: 1, pm: pm)])
            let dead = try await fixture.list("hvc:dead")
            #expect(dead.count == 3)
            #expect(dead[0].contains("no record of job 77") && dead[1].contains("no entry"))
            #expect(dead[2].contains("the record of job 1 has another entry"))
        }
    }

    @Test("Operations on one VM run one after another, and the second does not hold up the queue")
    func oneAtATime() async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.up(1, two)
            let vm = try await fixture.create("first").vm
            _ = try await fixture.store.enqueueDestroy(vm, request: "")
            _ = try await fixture.create("second")
            let pm: PMID = try 1.identifier()
            let (_, outcome) = try await fixture.takeAll()
            #expect(outcome.untimed == [.started(epoch: 1, pm: pm), .started(epoch: 1, pm: pm), .waiting])
            #expect(try await fixture.list("hvc:vm:1:waiting").count == 1)
            #expect(try await fixture.store.status(of: 2.identifier())?.state == .waiting)
            #expect(try await fixture.store.finish(Lease(job: 1.identifier(), epoch: 1), by: "w", JobEnding()))
            #expect(try await fixture.queued().count == 1)
            let (_, next) = try await fixture.takeAll()
            #expect(next.untimed == [.started(epoch: 1, pm: pm)])
            #expect(try await fixture.store.vm(vm)?.state == .destroying)
        }
    }

    @Test("A prefix in braces keeps all keys under it")
    func prefix() async throws {
        try await StoreFixture.with(prefix: "{eu1}:") { (fixture) async throws in
            try await fixture.up(1, two)
            _ = try await fixture.create()
            _ = try await fixture.takeAll()
            let keys = try await fixture.store.redis.send(["KEYS", "*"]).strings ?? []
            #expect(keys.count > 10)
            #expect(keys.allSatisfy { $0.hasPrefix("{eu1}:") })
        }
    }
}
