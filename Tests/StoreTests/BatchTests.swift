import Model
import Placement
import RedisClient
import Store
import TestKit
import Testing

@Suite("Batches")
struct BatchTests {
    private let four = Resources(cpu: 4, ram: 4096, disk: 40)

    private func creates(_ count: Int, type: Int = 1, groups: [String: GroupRule] = [:]) throws -> [BatchCreate] {
        try Batch.names("b", count: count).map {
            BatchCreate(
                name: $0,
                type: try type.identifier(),
                image: try 100.identifier(),
                constraints: PlacementConstraints(groups: groups),
                notes: VMNotes(labels: ["k": "v"])
            )
        }
    }

    private func details(_ id: Int, _ fixture: StoreFixture) async throws -> BatchDetails {
        try #require(try await fixture.store.batch(id.identifier()))
    }

    private func code(_ body: () async throws -> Void) async throws -> FailureCode? {
        do { try await body() } catch let failure as Failure { return failure.code }
        return nil
    }

    @Test("All are accepted, in consecutive places, with one record; the same request again is the same batch")
    func accepted() async throws {
        try await StoreFixture.with { (fixture) async throws in
            let key = IdempotencyKey("k", of: "createBatch", by: nil, fingerprint: "f")
            let vms = try creates(3)
            let accepted = try await fixture.store.enqueueBatch(vms, isAtomic: true, request: "r", key: key)
            let again = try await fixture.store.enqueueBatch(vms, isAtomic: true, request: "r", key: key)
            #expect(accepted.job.value == 1 && again.job == accepted.job && again.isReplay && !accepted.isReplay)
            let snapshot = try await fixture.store.poll(since: .start, limit: 9)
            #expect(snapshot.lines.map { $0.entry?.job.value } == [1, 2, 3])
            #expect(snapshot.lines.allSatisfy { $0.entry?.batch?.value == 1 })
            let batch = try await details(1, fixture)
            #expect(batch.record.isAtomic && batch.record.jobs.map(\.value) == [1, 2, 3])
            #expect(batch.record.request == "r" && batch.members.allSatisfy(\.awaitsPlace))
            #expect(try await fixture.store.vm(2.identifier())?.vm.name == "b-2")
            #expect(try await fixture.store.batches(after: nil, limit: 9).records.map(\.id.value) == [1])
            #expect(try await fixture.store.job(2.identifier())?.record.batch?.value == 1)
            // Without atomic, each gets its place by itself.
            let loose = try await fixture.store.enqueueBatch(vms, isAtomic: false, request: "r")
            let lines = try await fixture.store.poll(since: .start, limit: 9).lines.suffix(3)
            #expect(loose.job.value == 4 && lines.allSatisfy { $0.entry?.batch == nil })
        }
    }

    @Test("Those of a project are found by it, and leave its list when they are kept no more")
    func ofProject() async throws {
        try await StoreFixture.with { (fixture) async throws in
            let (store, web) = (fixture.store, try #require(ProjectName("web")))
            try await store.createProject(web, quotas: [:])
            let own = try await store.enqueueBatch(try creates(1), isAtomic: false, project: web, request: "r")
            _ = try await store.enqueueBatch(try creates(1), isAtomic: false, request: "r")
            #expect(try await store.batches(of: web, after: nil, limit: 9).records.map(\.id.value) == [own.job.value])
            #expect(try await store.batches(of: web, after: nil, limit: 9).records.map(\.project) == [web])
            #expect(try await store.batches(of: .default, after: nil, limit: 9).records.map(\.id.value) == [2])
            #expect(try await store.batches(after: nil, limit: 9).records.count == 2)
            // As if as many as are kept had come since; the jobs of all have ended.
            _ = try await store.redis.send(["HSET", "hvc:job:1", "state", "done"])
            let later = (3...1001).flatMap { ["\($0)", "\($0)"] }
            _ = try await store.redis.send(
                RedisCommand("ZADD", arguments: (["hvc:batches"] + later).map(\.redisArgument))
            )
            _ = try await store.enqueueBatch(try creates(1), isAtomic: false, request: "r")
            #expect(try await store.batches(of: web, after: nil, limit: 9).records.isEmpty)
            #expect(try await store.redis.send(["EXISTS", "hvc:batch:1", "hvc:batches:project:web"]).int == 0)
        }
    }

    @Test(
        "None is accepted where one cannot be: the queue's limit counts all, types and images must be there, rules agree"
    )
    func refused() async throws {
        try await StoreFixture.with { (fixture) async throws in
            let store = Store(redis: fixture.store.redis, queueLimit: 3)
            _ = try await fixture.create()
            let before = try await fixture.everything()
            let attempts: [(FailureCode, [BatchCreate])] = [
                (.queueFull, try creates(3)),
                (.unknownType, try creates(1) + creates(1, type: 7)),
                (.groupConflict, try creates(1, groups: ["g": .spread]) + creates(1, groups: ["g": .affinity])),
            ]
            for (expected, vms) in attempts {
                let found = try await code { _ = try await store.enqueueBatch(vms, isAtomic: true, request: "r") }
                #expect(found == expected)
                #expect(try await fixture.everything() == before)
            }
            _ = try await store.enqueueBatch(creates(2), isAtomic: true, request: "r")
            #expect(
                try await code { _ = try await store.enqueueBatch(try creates(1), isAtomic: false, request: "r") }
                    == .queueFull
            )
        }
    }

    @Test("A project's quotas are asked about the whole batch at once, and count all of it until it is gone")
    func quota() async throws {
        try await StoreFixture.with { (fixture) async throws in
            let project = try #require(ProjectName("web"))
            try await fixture.store.createProject(project, quotas: [.vms: 3, .ram: 1_024])
            func enqueue(_ count: Int) async throws {
                _ = try await fixture.store.enqueueBatch(creates(count), isAtomic: true, project: project, request: "r")
            }
            #expect(try await code { try await enqueue(3) } == .quotaExceeded)
            #expect(try await fixture.store.project(project)?.usage.vms == 0)
            try await enqueue(2)
            #expect(try await fixture.store.project(project)?.usage.vms == 2)
            #expect(try await fixture.store.job(2.identifier())?.record.batch?.value == 1)
            try await fixture.up(1, .zero)
            #expect(try await decide(1, fixture) == .complete)
            #expect(try await fixture.store.project(project)?.usage.vms == 0)
        }
    }

    /// Decides on the batch that is next, as a worker does, on the fleet as it is.
    private func decide(_ id: Int, _ fixture: StoreFixture, isFaster: () async throws -> Void = {}) async throws
        -> ClaimOutcome.Stop
    {
        let snapshot = try await fixture.store.poll(since: .start, limit: 100)
        let members = try await details(id, fixture).members.filter(\.awaitsPlace)
        let requests = members.compactMap(\.entry).map {
            PlacementRequest(vm: $0.vm, needs: $0.needs, constraints: $0.constraints ?? .none)
        }
        let claim: BatchClaim
        switch plan(batches: [requests], on: FleetSnapshot(snapshot.changed), by: .seed)[0] {
        case .undecided: throw TestKitError("undecided")
        case .refuse(let failure, let explanation): claim = .refuse(members.map(\.job), failure, explanation)
        case .place(let places):
            claim = .place(try zip(members, places).map { ($0.job, try #require($1.machine), $1.explanation) })
        }
        try await isFaster()
        return try await fixture.store.claim(id.identifier(), claim, headroomVersion: snapshot.headroomVersion)
    }

    @Test("All get their places in one claim, and are taken from where they stand by whoever has slots")
    func placed() async throws {
        try await StoreFixture.with(machines: ["host1", "host2"]) { (fixture) async throws in
            for pm in 1...2 { try await fixture.up(pm, Resources(cpu: 2, ram: 1024, disk: 2)) }
            _ = try await fixture.store.enqueueBatch(creates(3, groups: ["g": .spread]), isAtomic: true, request: "r")
            #expect(try await decide(1, fixture) == .complete)
            let placed = try await details(1, fixture).members
            #expect(placed.allSatisfy { $0.state == .queued && $0.pm != nil && !$0.awaitsPlace })
            let claimed = try await [1, 2].asyncMap {
                try await fixture.store.machine($0.identifier())?.claimed.cpu ?? 0
            }
            #expect(claimed.reduce(0, +) == 3)
            #expect(try await fixture.takeAll(worker: "a", limit: 2).1.results.count == 2)
            #expect(try await fixture.takeAll(worker: "b", limit: 2).1.results.count == 1)
            #expect(try await fixture.store.machine(1.identifier())?.claimed.cpu == claimed[0])
        }
    }

    @Test("Where a PM has filled since, those that were placed give their places back, and nothing is changed")
    func full() async throws {
        try await StoreFixture.with(machines: ["host1", "host2"]) { (fixture) async throws in
            for pm in 1...2 { try await fixture.up(pm, Resources(cpu: 1, ram: 512, disk: 1)) }
            _ = try await fixture.store.enqueueBatch(
                creates(2, groups: ["g": .antiAffinity]),
                isAtomic: true,
                request: "r"
            )
            let stop = try await decide(1, fixture) {
                _ = try await fixture.store.setCordon(true, of: 2.identifier())
            }
            #expect(stop == .full)
            #expect(try await details(1, fixture).members.allSatisfy(\.awaitsPlace))
            for pm in 1...2 { #expect(try await fixture.store.machine(pm.identifier())?.claimed == .zero) }
            #expect(try await fixture.field("hvc:group:g", "placed") ?? "0" == "0")
            #expect(try await fixture.field("hvc:pm:1", "group:g") == nil)
            _ = try await fixture.store.setCordon(false, of: 2.identifier())
            #expect(try await decide(1, fixture) == .complete)
        }
    }

    @Test("Where not all fit, all are refused with how many would; a cancelled one is no longer part of it")
    func refusedWhole() async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.up(1, four)
            _ = try await fixture.store.enqueueBatch(creates(6), isAtomic: true, request: "r")
            try await fixture.store.cancel(3.identifier())
            _ = try await fixture.create("later")
            #expect(try await decide(1, fixture) == .complete)
            let members = try await details(1, fixture).members
            #expect(members.allSatisfy { $0.state == .failed && $0.vmState == nil })
            #expect(members[2].failure?.code == .cancelled)
            let failure = try #require(members[0].failure)
            #expect(failure.code == .noCapacity && failure.message.hasPrefix("4 of 5 fit"))
            #expect(try await fixture.store.machine(1.identifier())?.claimed == .zero)
            #expect(try await fixture.takeAll().1.results.count == 1)
        }
    }

    @Test("A batch is decided on only while it is next, and refused only while no room was freed since")
    func overtaken() async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.up(1, four)
            _ = try await fixture.create("first")
            _ = try await fixture.store.enqueueBatch(creates(5), isAtomic: true, request: "r")
            #expect(try await decide(2, fixture) == .moved)
            _ = try await fixture.takeAll(limit: 1)
            #expect(
                try await decide(2, fixture) { try await fixture.up(1, Resources(cpu: 9, ram: 9216, disk: 90)) }
                    == .stale
            )
            #expect(try await decide(2, fixture) == .complete)
            #expect(try await details(2, fixture).members.allSatisfy { $0.pm != nil })
        }
    }

    @Test("Under a rule that defers creates the batch waits for the rule, and is placed whole when that goes")
    func deferred() async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.up(1, four)
            _ = try await fixture.store.enqueueBatch(creates(3), isAtomic: true, request: "r")
            try await fixture.store.setRule(for: QueueRuleScope(kind: .create), .deferred, reason: "why not")
            #expect(try await decide(1, fixture) == .complete)
            #expect(try await details(1, fixture).members.allSatisfy { $0.state == .delayed && $0.pm == nil })
            _ = try await fixture.store.dropRule(for: QueueRuleScope(kind: .create))
            // One alone has come back by now.
            _ = try await fixture.store.sweep(limit: 1)
            #expect(try await decide(1, fixture) == .complete)
            #expect(try await details(1, fixture).members.allSatisfy { $0.state == .queued && $0.pm != nil })
        }
    }

    @Test("The oldest batches go beyond as many as are kept, but none with a job that has not ended")
    func kept() async throws {
        try await StoreFixture.with { (fixture) async throws in
            _ = try await fixture.store.enqueueBatch(creates(1), isAtomic: false, request: "r")
            for number in 1_001...2_000 {
                _ = try await fixture.store.redis.send(["ZADD", "hvc:batches", "\(number)", "\(number)"])
            }
            _ = try await fixture.store.enqueueBatch(creates(1), isAtomic: false, request: "r")
            #expect(try await fixture.store.redis.send(["ZCARD", "hvc:batches"]).int == 1_000)
            #expect(try await fixture.store.batch(1.identifier()) != nil)
            try await fixture.store.cancel(1.identifier())
            _ = try await fixture.store.enqueueBatch(creates(1), isAtomic: false, request: "r")
            #expect(try await fixture.store.redis.send(["ZCARD", "hvc:batches"]).int == 1_000)
            #expect(try await fixture.store.batch(1.identifier()) == nil)
        }
    }
}

extension [Int] {
    fileprivate func asyncMap<Value>(_ body: (Int) async throws -> Value) async throws -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await body(element)) }
        return values
    }
}
