import Model
import Placement
import RedisClient
import Store
import Testing

@Suite("Scripts that meet a key of another type")
struct BrokenRecordTests {
    /// What is done, on which state.
    enum Act: String, CaseIterable, Sendable {
        case create, build, hold, destroy
        case claimCreate, claimHold, claimDestroyOfHold, claimRefusal
        case finishDone, finishFailed, finishOwing, finishDestroy
        case handBack, postpone, moveOn
    }

    private static let machines = ["host1", "host2"]
    private static let four = Resources(cpu: 4, ram: 4096, disk: 10)
    private static let silent = Failure(.machineUnreachable, "silent", cause: "no route")
    private static let group: [String: GroupRule] = ["web": .antiAffinity]

    private func hold(_ fixture: StoreFixture) async throws -> VMID {
        try await fixture.store.enqueueHold(
            type: 1.identifier(),
            image: 100.identifier(),
            constraints: PlacementConstraints(groups: Self.group),
            seconds: 600,
            request: "r"
        ).vm
    }

    /// Takes the oldest entry: on PM 1 where it wants a place.
    private func claim(_ fixture: StoreFixture, refusing: Bool = false) async throws -> ClaimOutcome {
        let snapshot = try await fixture.store.poll(since: .start, limit: 1)
        let explanation = PlacementExplanation(policy: "seed")
        let steps = try snapshot.lines.map { line -> (line: QueueSnapshot.Line, action: ClaimAction) in
            guard line.entry?.kind != .destroy, line.placedOn == nil else { return (line, .run) }
            return (line, refusing ? .refuse(Self.silent, explanation) : .place(try 1.identifier(), explanation))
        }
        let outcome = try await fixture.store.claim(
            steps,
            direct: steps.isEmpty ? 1 : 0,
            headroomVersion: snapshot.headroomVersion,
            worker: "w",
            lease: .seconds(60)
        )
        return ClaimOutcome(stop: outcome.stop, results: outcome.results + outcome.direct.map(\.result))
    }

    /// Brings the store to where the act begins.
    private func prepare(_ act: Act, _ fixture: StoreFixture) async throws {
        for pm in 1...2 { try await fixture.up(pm, Self.four) }
        switch act {
        case .create, .hold: break
        case .build:
            _ = try await hold(fixture)
            _ = try await claim(fixture)
        case .destroy, .claimCreate, .claimRefusal: _ = try await fixture.create("a", groups: Self.group)
        case .claimHold: _ = try await hold(fixture)
        case .claimDestroyOfHold:
            let vm = try await hold(fixture)
            _ = try await claim(fixture)
            _ = try await fixture.store.enqueueRelease(of: vm, request: "r")
        case .finishDone, .finishFailed, .finishOwing, .handBack, .postpone, .moveOn:
            let vm = try await fixture.create("a", groups: Self.group).vm
            _ = try await claim(fixture)
            // Something waits behind it.
            _ = try await fixture.store.enqueueDestroy(vm, request: "r")
            _ = try await claim(fixture)
        case .finishDestroy:
            let vm = try await fixture.create("a", groups: Self.group).vm
            _ = try await claim(fixture)
            _ = try await fixture.store.finish(Lease(job: 1.identifier(), epoch: 1), by: "w", JobEnding())
            _ = try await fixture.store.enqueueDestroy(vm, request: "r")
            _ = try await claim(fixture)
        }
    }

    private func perform(_ act: Act, _ fixture: StoreFixture) async throws {
        let store = fixture.store
        let lease = Lease(job: try (act == .finishDestroy ? 2 : 1).identifier(), epoch: 1)
        switch act {
        case .create: _ = try await fixture.create("a", groups: Self.group)
        case .build:
            _ = try await store.enqueueBuild(of: 1.identifier(), name: "b", image: 100.identifier(), request: "r")
        case .hold: _ = try await hold(fixture)
        case .destroy: _ = try await store.enqueueDestroy(1.identifier(), request: "r")
        case .claimCreate, .claimHold, .claimDestroyOfHold: _ = try await claim(fixture)
        case .claimRefusal: _ = try await claim(fixture, refusing: true)
        case .finishDone, .finishDestroy: _ = try await store.finish(lease, by: "w", JobEnding())
        case .finishFailed:
            _ = try await store.finish(lease, by: "w", JobEnding(failure: Self.silent, penalizesPM: true))
        case .finishOwing:
            _ = try await store.finish(lease, by: "w", JobEnding(failure: Self.silent, cleanupDelay: .seconds(9)))
        case .handBack: _ = try await store.requeue(lease, reason: "test")
        case .postpone: _ = try await store.postpone(lease, by: .seconds(9), because: Self.silent)
        case .moveOn: _ = try await store.reschedule(lease, because: Self.silent, penalizesPM: true)
        }
    }

    /// Keys of which only the version of the fleet may have changed: who planned on a broken PM learns of it.
    private static let versions: Set = ["hvc:counters", "hvc:fleet"]

    /// Keys that searches and lists alone depend on, so that a broken one stops nothing.
    private static let derived: Set = ["hvc:vms:index", "hvc:groups", "hvc:projects"]
    /// What an audit counts anew, so that a broken one stops nothing but what asks for its quota.
    private static let counted: Set = ["hvc:project:default"]

    @Test("Nothing is written before it is found out, and the key is named", arguments: Act.allCases)
    func wrongType(_ act: Act) async throws {
        try await StoreFixture.with(machines: Self.machines) { (first) async throws in
            try await prepare(act, first)
            let before = try await first.everything()
            try await perform(act, first)
            let after = try await first.everything()
            let touched = Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }
            #expect(touched.count > 2)
            // An explanation is a text of any form.
            for key in touched.sorted() where !key.hasSuffix(":explanation") {
                let fixture = try await StoreFixture(emptying: first, machines: Self.machines)
                try await prepare(act, fixture)
                _ = try await fixture.store.redis.send(["SET", key, "broken"])
                let before = try await fixture.everything()
                let failure: Failure?
                do {
                    try await perform(act, fixture)
                    failure = nil
                } catch { failure = error as? Failure }
                let after = try await fixture.everything()
                let changed = Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }
                if Self.derived.contains(key) || Self.counted.contains(key) && failure == nil {
                    let secondary = Self.derived.union(Self.counted)
                    let others = touched.subtracting(secondary)
                    #expect(failure == nil && changed.subtracting(secondary) == others, "\(act), \(key): \(changed)")
                    #expect(!changed.contains(key), "\(act), \(key) was overwritten")
                } else if let failure {
                    #expect(changed.isEmpty, "\(act), \(key): \(changed)")
                    #expect(
                        failure.code == .malformedRecord && failure.message.contains(key),
                        "\(act), \(key): \(failure)"
                    )
                } else {
                    // The number was not given, the entry is given up, or the place is not taken.
                    #expect(!changed.contains(key), "\(act), \(key) was overwritten")
                    try await expectWhole(fixture, act, changed)
                }
            }
        }
    }

    /// After an act that went round the broken key, nothing is half done.
    private func expectWhole(_ fixture: StoreFixture, _ act: Act, _ changed: Set<String>) async throws {
        switch act {
        case .create, .hold, .build, .destroy:
            let queues: Set = ["hvc:queue", "hvc:queue:direct"]
            #expect(!changed.isDisjoint(with: queues) && changed.contains("hvc:counters"), "\(act): \(changed)")
        case .claimCreate, .claimHold, .claimDestroyOfHold, .claimRefusal:
            let aside = changed.filter { $0.hasPrefix("hvc:pm:") }
            for pm in aside { #expect(try await fixture.field(pm, "state") == "unknown", "\(act): \(pm)") }
            let isLeft = changed.subtracting(aside).isSubset(of: Self.versions.union(["hvc:workers"]))
            let isGivenUp =
                changed.contains("hvc:dead") && !changed.isDisjoint(with: ["hvc:queue", "hvc:queue:direct"])
            #expect(isLeft || isGivenUp, "\(act): \(changed)")
            let claimed = try await fixture.store.redis.send(["EXISTS", "hvc:processing:w", "hvc:leases"]).int
            #expect(claimed == 0, "\(act): \(changed)")
        // The number of the pending destroy was not given.
        case .finishOwing: #expect(changed.contains("hvc:delayed") && changed.contains("hvc:vm:1"), "\(changed)")
        default: Issue.record("\(act) went round a broken key: \(changed)")
        }
    }

    @Test(
        "A field that is computed with and is no number stops a script before its first write",
        arguments: [
            ("hvc:counters", "job", Act.create), ("hvc:type:1", "cpu", .create), ("hvc:vm:1", "cpu", .finishFailed),
            ("hvc:pm:1", "claimed_ram", .finishFailed), ("hvc:group:web", "members", .finishFailed),
            ("hvc:job:1", "epoch", .handBack), ("hvc:job:1", "tries", .postpone),
        ]
    )
    func noNumber(_ key: String, _ field: String, _ act: Act) async throws {
        try await StoreFixture.with(machines: Self.machines) { (fixture) async throws in
            try await prepare(act, fixture)
            _ = try await fixture.store.redis.send(["HSET", key, field, "many"])
            let before = try await fixture.everything()
            let failure = await #expect(throws: (any Error).self) { try await perform(act, fixture) } as? Failure
            #expect(failure?.code == .malformedRecord && failure?.message.contains(key) == true, "\(failure as Any)")
            #expect(try await fixture.everything() == before)
        }
    }

    @Test("A hold without its time is given up before it claims anything, and those behind it go on")
    func holdWithoutTime() async throws {
        try await StoreFixture.with(machines: Self.machines) { (fixture) async throws in
            for pm in 1...2 { try await fixture.up(pm, Self.four) }
            let vm = try await hold(fixture)
            _ = try await fixture.store.redis.send(["HDEL", "hvc:job:1", "hold_s"])
            let next = try await fixture.create("next")
            #expect(try await claim(fixture).results == [.deadLettered])
            #expect(try await fixture.store.status(of: 1.identifier())?.failure?.code == .malformedRecord)
            #expect(try await fixture.store.vm(vm)?.state == .error)
            #expect(try await fixture.store.machine(1.identifier())?.vmCount == 0)
            _ = try await claim(fixture)
            #expect(try await fixture.store.vm(next.vm)?.state == .building)
        }
    }

    @Test("One broken record keeps neither the queue nor leases nor discovery")
    func othersGoOn() async throws {
        try await StoreFixture.with(machines: Self.machines) { (fixture) async throws in
            let store = fixture.store
            for pm in 1...2 { try await fixture.up(pm, Self.four) }
            for name in ["a", "b", "c"] { _ = try await fixture.create(name) }
            _ = try await claim(fixture)
            _ = try await claim(fixture)
            let leases = [Lease(job: try 1.identifier(), epoch: 1), Lease(job: try 2.identifier(), epoch: 1)]
            for key in ["hvc:vm:3", "hvc:job:1", "hvc:pm:2"] { _ = try await store.redis.send(["SET", key, "broken"]) }
            #expect(try await store.renew(leases, for: .seconds(60)).map(\.value) == [1])
            #expect(try await claim(fixture).results == [.deadLettered])
            _ = try await store.redis.send(["DEL", "hvc:repair"])
            _ = try await store.redis.send(["ZADD", "hvc:leases", 1, 1, 1, 2])
            let swept = try await store.sweep()
            #expect(swept.recovered.map(\.value) == [2] && !swept.faults.isEmpty)
            for pm in 1...2 { _ = try await store.redis.send(["ZADD", "hvc:discovery", 0, pm]) }
            let due = try await store.takeDueProbes(limit: 9, deadline: .seconds(60))
            #expect(due.probes.map(\.pm.value) == [1] && due.faults.map(\.code) == [.malformedRecord])
            // A PM that cannot be read is known and takes no VMs.
            _ = try await store.redis.send(["ZADD", "hvc:fleet", 9_999, 2])
            var cache = FleetCache()
            cache.update(by: try await store.poll(since: .start, limit: 0))
            let second: PMID = try 2.identifier()
            #expect(cache.fleet.count == 2 && cache.fleet[second]?.takesVMs == false)
            await #expect(throws: Failure.self) { try await store.machine(2.identifier()) }
        }
    }

    @Test("A PM on which nothing can be claimed takes no VMs until it is repaired and probed; creates go elsewhere")
    func setAside() async throws {
        try await StoreFixture.with(machines: Self.machines) { (fixture) async throws in
            for pm in 1...2 { try await fixture.up(pm, Self.four) }
            _ = try await fixture.create("a")
            _ = try await claim(fixture)
            let chosen = try #require(try await fixture.store.vm(1.identifier())?.pm?.value)
            let other = 3 - chosen
            for kind in ["claims", "delayed"] {
                _ = try await fixture.store.redis.send(["SET", "hvc:pm:\(other):\(kind)", "broken"])
            }
            // The policy would have the empty one; once it is refused there, the plan is another.
            _ = try await fixture.create("b")
            var outcome = try await claim(fixture)
            if outcome.stop == .full { outcome = try await claim(fixture) }
            guard case .started(_, let pm, _) = outcome.results.first else {
                Issue.record("not started: \(outcome)")
                return
            }
            #expect(pm?.value == chosen)
            for kind in ["claims", "delayed"] {
                _ = try await fixture.store.redis.send(["DEL", "hvc:pm:\(other):\(kind)"])
            }
            try await fixture.up(other, Self.four)
            #expect(try await fixture.store.machine(other.identifier())?.state == .up)
        }
    }

    @Test(
        "A record that cannot be read is an error with its key and field, never another record",
        arguments: [
            ("hvc:vm:1", "where", #"{"tags":"#), ("hvc:vm:1", "where", "[]"), ("hvc:vm:1", "uuid", "x"),
            ("hvc:vm:1", "pm", "first"), ("hvc:vm:1", "state", "dancing"), ("hvc:pm:1", "address", "a b"),
            ("hvc:pm:1", "reserve_cpu", "none"), ("hvc:pm:1", "cpu", "4 or 5"), ("hvc:pm:1", "group:web", "two"),
            ("hvc:image:100", "file_bytes", "much"), ("hvc:job:1", "state", "odd"),
            ("hvc:job:1", "decision", "{"), ("hvc:job:1:explanation", "decision", "{"),
            ("hvc:policy", "weights", "load=heavy"), ("hvc:type:1", "disk", "1 GiB"),
        ]
    )
    func unreadable(_ key: String, _ field: String, _ value: String) async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.up(1, Self.four)
            _ = try await fixture.create()
            _ = try await fixture.takeAll()
            let store = fixture.store
            let isRecord = !key.hasSuffix(":explanation")
            if isRecord { _ = try await store.redis.send(["DEL", "\(key):explanation"]) }
            _ = try await store.redis.send(isRecord ? ["HSET", key, field, value] : ["SET", key, value])
            let failure = await #expect(throws: Failure.self) {
                switch key {
                case "hvc:vm:1": _ = try await store.vm(1.identifier())
                case "hvc:pm:1": _ = try await store.machine(1.identifier())
                case "hvc:image:100": _ = try await store.imageRegistration(100.identifier())
                case "hvc:job:1", "hvc:job:1:explanation": _ = try await store.explanation(of: 1.identifier())
                case "hvc:policy": _ = try await store.policy()
                default: _ = try await store.types()
                }
            }
            #expect(failure?.code == .malformedRecord)
            #expect(failure?.message.contains("\(key): field") == true, "\(failure as Any)")
        }
    }
}
