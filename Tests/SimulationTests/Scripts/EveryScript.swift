import EmbeddedRedis
import Foundation
import Logging
import Model
import Placement
import RedisClient
import TestKit

@testable import Store

/// A call or more of each script of the store, each where it has something to do.
struct EveryScript {
    private let redis: EmbeddedRedis
    let store: Store
    private let host = "00000000-0000-0000-0000-000000000001"
    let groups = PlacementConstraints(groups: ["g": .spread])

    init(redis: TrialRedis) {
        self.redis = redis.live
        store = Store(redis: redis)
    }

    func call() async throws {
        try await migrate()
        _ = redis.run(["FLUSHALL"])
        try await workers()
        try await catalog()
        try await jobs()
        try await changesOfJobs()
        try await rules()
        try await batches()
        try await roomWaits()
        try await tokens()
        try await projects()
        try await webhooks()
        try await consoles()
        try await auditLog()
        try await probes()
        try await audit()
    }

    /// Records as programs of before wrote them.
    private func migrate() async throws {
        for words in [
            "HSET hvc:counters began_at then vm 2 pm 1", "ZADD hvc:pms 1 1", "HSET hvc:pm:numbers host1 1",
            "HSET hvc:pm:1 id 1 address host1 claimed_cpu 3 claimed_ram 1024 claimed_disk 2", "SADD hvc:pm:1:vms 1 2",
            "HSET hvc:vm:1 id 1 cpu 1 ram 512 disk 1", "ZADD hvc:vms 1 1", "ZADD hvc:gone 1 some-uuid",
            "HSET hvc:job:1 id 1 vm 1 request a",
        ] {
            let parts = words.split(separator: " ").map(String.init)
            _ = redis.run(RedisCommand(parts[0], arguments: parts.dropFirst().map(\.redisArgument)))
        }
        try await Migration(store: store, worker: "w", logger: Logger(label: "migration")).run()
    }

    private func workers() async throws {
        let record = WorkerRecord(name: "w", instance: "a", settings: ["lease_ms": "5000"], fields: ["host": "h"])
        _ = try await store.register(record, lifetime: .seconds(15))
        _ = try await store.announce(record, jobs: 0, lifetime: .seconds(15))
        try await store.register(policy: PolicyRecord(PolicyChoice(name: "seed", weights: [:])))
        try await store.unregister(record)
    }

    private func catalog() async throws {
        try await store.register(networks: [("lab", VMNetwork(kind: .bridge, name: "br0", vlan: 7))])
        for _ in 1...2 { _ = try await store.register(types: [Resources(cpu: 1, ram: 512, disk: 1)]) }
        let facts = ImageRegistration.Facts(format: .qcow2, fileBytes: 1, diskBytes: 1, fingerprint: "a")
        let away = try ImageLocation("user@away:/images/b")
        let images = [
            ImageRegistration(path: "/images/a", name: "a", facts: facts),
            ImageRegistration(path: away.description, name: "b", fetching: "waiting"),
        ]
        for listed in [images, Array(images.prefix(1)), images] { _ = try await store.register(images: listed) }
        for report in [FetchReport.underWay(fetched: 1, total: 2), .whole(facts, checksum: "c")] {
            try await store.recordFetch(of: away, by: "w", report)
        }
        let (pm, image) = (PMID(known: 1), ImageID(known: 100))
        let machines = try ["host1", "host2"].map { PMListing(address: try PMAddress($0)) }
        for listed in [machines, Array(machines.prefix(1)), machines] { _ = try await store.register(machines: listed) }
        _ = try await store.holdTransfer(of: image, to: pm, holder: "w", for: .seconds(60))
        try await store.releaseTransfer(of: image, to: pm, holder: "w")
        _ = try await store.setCordon(false, of: pm)
        for volume in ["a", "b"] {
            _ = try await store.changeSimulatedPM(
                1,
                seen: ["volume:a": volume == "a" ? nil : "a", "volume:b": nil],
                changes: ["volume:\(volume)": volume],
                allocated: 5
            )
        }
        for number in 1...2 { try await measure(PMID(known: number)) }
    }

    private func measure(_ pm: PMID) async throws {
        let due = try await store.takeDueProbes(limit: 2, deadline: .seconds(60), by: "w")
        let epoch = due.probes.first { $0.pm == pm }?.epoch ?? ""
        let capacity = Resources(cpu: 8, ram: 8192, disk: 80)
        let measure = PMMeasure(capacity: capacity, available: capacity, foreign: .zero, claimed: .zero, load: 0)
        let report = DiscoveryReport(state: .up, measure: measure, facts: ["host_uuid": host])
        let finding = ProbeFinding(pm: pm, epoch: epoch, report: report, next: .seconds(60), inventoryAt: now)
        _ = try await store.record([finding], by: "w", reachedWithin: .seconds(60))
    }

    private var now: Int { redis.time.milliseconds }

    private func rules() async throws {
        try await store.pauseQueue(reason: "r")
        try await store.resumeQueue()
        for action in [QueueRuleAction.deferred, .reject] {
            try await store.setRule(for: QueueRuleScope(kind: .start), action, reason: "r")
        }
        _ = try await store.dropRule(for: QueueRuleScope(kind: .start))
    }

    private func tokens() async throws {
        let digest = String(repeating: "a", count: 64)
        for _ in 1...2 { _ = try await store.createToken(name: "a", role: .viewer, digest: digest, seconds: 60) }
        _ = try await store.revokeToken(TokenID(known: 1))
        _ = try await store.suspendTokens(because: "r")
        _ = try await store.confirmTokens()
    }

    private func auditLog() async throws {
        let author = RequestAuthor(token: nil, name: "a", project: nil, route: "POST /v1/queue:pause", request: "r")
        for _ in 1...2 {
            try await RequestAuthor.$current.withValue(author) { try await store.pauseQueue(reason: "r") }
        }
        try await store.resumeQueue()
        _ = try await store.hold(.audit, holder: "w", for: .seconds(9))
        guard case .entries(let entries, let last) = try await store.unsealedAudit(by: "w", limit: 9) else { return }
        let seals = entries.map { AuditSeal(entry: $0.id, digest: "d") }
        _ = try await store.sealAudit(seals, after: last, keeping: 1, by: "w")
    }

    // MARK: - Jobs

    /// VMs of all kinds: 1 and 3 run, 2 is held, 4 is queued, 5 is waited for.
    private func jobs() async throws {
        try await create()
        _ = try await store.enqueueHold(
            type: TypeID(known: 1),
            image: ImageID(known: 100),
            seconds: 600,
            request: ""
        )
        _ = try await claim()
        _ = try await store.enqueueHold(type: TypeID(known: 1), image: ImageID(known: 100), seconds: 600, request: "")
        _ = try await claim()
        _ = try await store.enqueueBuild(of: VMID(known: 3), name: "c", image: ImageID(known: 100), request: "")
        try await finish(try await claim())
        try await create { lease in
            let failure = Failure(.hypervisor, "no")
            _ = try await store.postpone(lease, by: .seconds(1), because: failure)
            redis.time += .seconds(2)
            _ = try await store.sweep()
            let again = try await claim()
            _ = try await store.reschedule(again, because: failure, penalizesPM: true)
            _ = try await store.requeue(try await claim(), reason: "stopped")
        }
        try await finish(try await claim())
        try await create { _ in
            _ = try await store.enqueueDestroy(VMID(known: 5), request: "")
            _ = try await claim(direct: 1)
        }
    }

    private func create(_ body: (Lease) async throws -> Void = { _ in }) async throws {
        _ = try await store.enqueueCreate(
            name: "a",
            type: TypeID(known: 1),
            image: ImageID(known: 100),
            constraints: groups,
            seed: GuestSeed(summary: SeedSummary(), sshKeys: [], userData: [0, 255], networkConfig: ""),
            request: ""
        )
        let lease = try await claim()
        let begin = StepBegin("disk", isProgress: true, writing: [])
        _ = try await store.beginStep(begin, of: lease, for: .seconds(60))
        _ = try await store.renew([lease], for: .seconds(60))
        try await store.note(left: ["/a"], by: lease)
        try await body(lease)
        if redis.run(["HGET", "hvc:job:\(lease.job)", "state"]).string == "running" { try await finish(lease) }
    }

    private func finish(_ lease: Lease) async throws {
        _ = try await store.finish(lease, by: "w", JobEnding())
    }

    /// Takes the oldest entry; to PM 1, where it is to have a place.
    @discardableResult
    private func claim(direct: Int = 0) async throws -> Lease {
        let snapshot = try await store.poll(since: .start, limit: 1)
        let steps = snapshot.lines.map { line -> (line: QueueSnapshot.Line, action: ClaimAction) in
            (line, line.placedOn == nil ? .place(PMID(known: 1), PlacementExplanation(policy: "test")) : .run)
        }
        let outcome = try await store.claim(
            direct == 0 ? steps : [],
            direct: direct,
            headroomVersion: snapshot.headroomVersion,
            worker: "w",
            lease: .seconds(60)
        )
        let job = snapshot.lines.first?.entry?.job ?? JobID(known: 1)
        guard case .started(let epoch, _, _) = outcome.results.first else { return Lease(job: job, epoch: 0) }
        return Lease(job: job, epoch: epoch)
    }

    /// What people ask of jobs: to be listed, read, cancelled, tried again, dropped.
    private func changesOfJobs() async throws {
        for isClaimed in [false, true] {
            let (type, image) = (TypeID(known: 1), ImageID(known: 100))
            let job = try await store.enqueueCreate(name: "d", type: type, image: image, request: "r").job
            if isClaimed {
                try await giveUp()
                try await store.retry(job)
                try await giveUp()
                try await store.drop(job)
            } else {
                _ = try await store.job(job)
                try await store.cancel(job)
            }
        }
        let list: [any RedisArgumentConvertible] = ["all:", "", "10", "100", "kind", "create"]
        _ = try await store.redis.eval(StoreScript.listJobs.script, keys: [store.keys.prefix], arguments: list)
        try await store.repair(listing: [JobID(known: 1), JobID(known: 2)])
        _ = try await store.update(VMID(known: 1), ifVersion: nil, name: "e", labels: ["a": "b"], description: "f")
    }

    /// Has the oldest job end its worker once too often.
    private func giveUp() async throws {
        let lease = try await claim()
        _ = redis.run(["HSET", "hvc:job:\(lease.job)", "crashes", "2"])
        redis.time += .seconds(61)
        _ = try await store.sweep()
    }

    // MARK: - What probes find

    private func probes() async throws {
        for pm in [1, 2] { _ = try await store.identify(PMID(known: pm), as: "machine-\(pm)") }
        guard let vm = try await store.vm(VMID(known: 1))?.vm else { return }
        func seen(on pm: Int) -> Observation { Observation(pm: PMID(known: pm), probedAt: now, vm: vm) }
        _ = try await store.noteDomainEvent("stopped", of: vm.domainName, uuid: host, on: PMID(known: 1))
        _ = try await store.note(drift: "3 CPUs", at: seen(on: 1), in: .running)
        let address = IPAddress("192.0.2.1").map { GuestAddress($0, source: .lease, scope: .pm, mac: vm.macs[0]) }
        let finding = AddressFinding(vm: vm.id, uuid: vm.uuid, addresses: [address].compactMap { $0 }, reason: nil)
        _ = try await store.note([finding], on: PMID(known: 1))
        for state in [CloudInit.State.running, .done] {
            let found = ReadinessFinding(
                vm: vm.id,
                uuid: vm.uuid,
                run: try await store.vm(vm.id)?.startedAt,
                banner: "SSH-2.0-a",
                cloudInit: CloudInit(state),
                system: GuestSystem(hostname: "web", os: "Debian")
            )
            _ = try await store.note([found], on: PMID(known: 1))
        }
        _ = try await store.recordState(
            .stopped,
            at: seen(on: 1),
            insteadOf: .running,
            because: "crashed",
            startingAgainIn: .seconds(3)
        )
        _ = try await store.noteElsewhere(seen(on: 2), recordedOn: PMID(known: 1), state: .running, host: "other")
        _ = try await store.settleDuplicate(seen(on: 1))
        _ = try await store.recordState(.missing, at: seen(on: 1), insteadOf: .stopped)
        _ = try await store.move(to: seen(on: 2), from: PMID(known: 1), state: .running)
        for key in ["hvc:vm:1", "hvc:pm:2:claims"] { _ = redis.run(["DEL", key]) }
        _ = try await store.adopt(seen(on: 2), state: .running)
    }

    // MARK: - What an audit finds

    private func audit() async throws {
        _ = try await store.repairClaims(of: PMID(known: 1))
        _ = try await store.claimsPage(of: PMID(known: 1))
        _ = try await store.redis.eval(StoreScript.findBroken.script, keys: [store.keys.prefix])
        _ = try await store.run(.listVM, ["vm": 1]) as Bool
        _ = redis.run(["ZREM", "hvc:holds", "2"])
        let end = redis.run(["HGET", "hvc:vm:2", "held_until"]).string ?? ""
        _ = try await store.run(.repairHold, ["vm": 2, "held_until": end, "ends_ms": now + 1_000]) as Bool
        try await store.repair(GroupCorrection(group: "g", rule: .spread, members: 1, placed: 1))
        _ = redis.run(["DEL", "hvc:processing:w", "hvc:queue:direct", "hvc:vm:5:waiting"])
        for job in 1...20 { _ = try await store.run(.repairJob, ["job": job]) as Bool }
        _ = redis.run(["HSET", "hvc:vm:4", "job", "1000"])
        _ = try await store.run(.repairVM, ["vm": 4]) as Bool
        // A job that is to hold a claim itself.
        _ = try await Store(redis: store.redis, operations: ExampleOperations.all).enqueue(
            ExampleOperations.resize.kind,
            on: VMID(known: 1),
            claiming: .growth(Resources(cpu: 1, ram: 512, disk: 1)),
            request: ""
        )
    }
}
