import Foundation
import Model
import Placement
import RedisClient
import Store
import TestKit
import Testing

@testable import Worker

@Suite("A key that is lost")
struct LostKeyTests {
    /// How a key comes back.
    private enum Return: Equatable {
        /// As it was: by a probe, the files, a sign of life, or an audit.
        case same
        /// What it held goes on in another place, by an audit.
        case moved
        /// Not, and an audit says so.
        case reported
        /// Not, and nothing depends on it.
        case dispensable
    }

    /// All keys but those that come back as they were.
    private static let exceptions: [String: Return] = [
        "hvc:dead": .dispensable, "hvc:jobs:ended": .dispensable, "hvc:tombstones": .dispensable,
        "hvc:events": .dispensable, "hvc:repair": .dispensable, "hvc:pm:2:delayed": .dispensable,
        "hvc:job:1": .dispensable,
        "hvc:job:2": .dispensable, "hvc:job:3": .dispensable,
        "hvc:processing:w": .moved, "hvc:delayed": .moved, "hvc:vm:4:waiting": .moved, "hvc:queue": .moved,
        "hvc:job:4": .reported, "hvc:job:5": .reported, "hvc:job:6": .reported, "hvc:job:7": .reported,
        "hvc:vm:3": .reported, "hvc:vm:4": .reported, "hvc:vm:5": .reported, "hvc:vm:6": .reported,
    ]

    @Test("Each in turn: it comes back, or an audit reports it; no claim is doubled and no number given to another")
    func each() async throws {
        let world = try await World()
        do {
            try await world.fill()
            let keys = try await world.keys()
            #expect(keys.count > 35, "\(keys)")
            for key in keys {
                if key != keys[0] { try await world.fill() }
                let before = try await world.essence()
                #expect(before.count == keys.count)
                _ = try await world.store.redis.send(["DEL", key])
                let findings = try await world.repair()
                let after = try await world.essence()
                expect(key, before, after, findings)
            }
        } catch {
            try await world.end()
            throw error
        }
        try await world.end()
    }

    private func expect(
        _ key: String,
        _ before: [String: Set<String>],
        _ after: [String: Set<String>],
        _ findings: [AuditFinding]
    ) {
        let expected = Self.exceptions[key] ?? (key.contains(/:(explanation|steps)$/) ? .dispensable : .same)
        let jobs: Set = ["hvc:delayed", "hvc:job:6", "hvc:pm:2:delayed", "hvc:queue:returned", "hvc:queue:direct"]
        let names = Set(before.keys).union(after.keys).subtracting(key == "hvc:pm:2" ? jobs : [])
        let different = names.filter { before[$0] != after[$0] }.sorted()
        let text = "\(key) should be \(expected); other than before: \(different); found: \(findings.map(\.text))"
        switch expected {
        case .same:
            #expect(different.isEmpty, "\(text); \(different.map { "\(before[$0] ?? []) / \(after[$0] ?? [])" })")
        case .moved: #expect(!findings.isEmpty && !different.isEmpty, "\(text)")
        case .reported: #expect(!findings.isEmpty && after[key] == nil, "\(text)")
        case .dispensable: #expect(different.isEmpty || different == [key], "\(text)")
        }
        for (name, fields) in after where name.hasPrefix("hvc:vm:") {
            let uuid = { (fields: Set<String>) in fields.filter { $0.hasPrefix("uuid=") } }
            #expect(before[name].map { uuid($0) == uuid(fields) } ?? true, "\(key): \(name) is another VM")
        }
        for (name, fields) in after where name.hasSuffix(":numbers") { #expect(fields == before[name], "\(key)") }
        let claims = { (fields: Set<String>?) in fields?.filter { $0.hasPrefix("claimed_") || $0.hasPrefix("vms=") } }
        for pm in ["hvc:pm:1", "hvc:pm:2"] {
            #expect(claims(after[pm]) == claims(before[pm]), "\(key): what is claimed on \(pm)")
        }
    }

    /// Two PMs with a VM that runs, a hold, a job that runs with one behind it, one that was deferred, and one on the queue.
    private final class World {
        let server: RedisServer
        let redis: RedisClient
        let keysOfStore = Keys()
        private let listings: [PMListing]

        init() async throws {
            server = try await RedisServer.started()
            redis = RedisClient(configuration: server.configuration)
            listings = try ["host1", "host2"].map { PMListing(address: try PMAddress($0)) }
        }

        /// One that knows nothing of before.
        var store: Store { Store(redis: redis) }

        func end() async throws {
            await redis.shutdown()
            try await server.stop()
        }

        // MARK: Filling

        func fill() async throws {
            _ = try await redis.send(["FLUSHALL"])
            let store = store
            try await load(store)
            for pm in try await due(store) { try await probe(pm, store) }
            _ = try await redis.send(["LPUSH", "hvc:queue", "junk"])
            try await claim(on: 1, store)
            // Job 1 fails and its VM goes, so that something has ended.
            try await create("gone", store)
            try await claim(on: 1, store)
            _ = try await store.finish(lease(1), by: "w", JobEnding(failure: Failure(.noCapacity, "none")))
            // VM 2 runs.
            try await create("runs", store, groups: ["web": .antiAffinity])
            try await claim(on: 1, store)
            _ = try await store.finish(lease(2), by: "w", JobEnding())
            let (type, image) = (try id(1) as TypeID, try id(100) as ImageID)
            _ = try await store.enqueueHold(type: type, image: image, seconds: 600, request: "")
            try await claim(on: 1, store)
            try await create("builds", store)
            try await claim(on: 2, store)
            _ = try await store.enqueueDestroy(id(4), request: "")
            try await claim(on: 2, store)
            try await create("delayed", store)
            try await claim(on: 2, store)
            _ = try await store.postpone(lease(6), by: .seconds(600), because: Failure(.machineUnreachable, "silent"))
            try await create("waits", store)
            _ = try await store.sweep()
            try await live(store)
        }

        private func load(_ store: Store) async throws {
            try await store.register(policy: PolicyRecord(try #require(PolicyChoice("seed"))))
            _ = try await store.register(machines: listings)
            _ = try await store.register(types: [Resources(cpu: 1, ram: 512, disk: 1)])
            let facts = ImageRegistration.Facts(format: .qcow2, fileBytes: 1, diskBytes: 1, fingerprint: "a")
            _ = try await store.register(images: [ImageRegistration(path: "/a.qcow2", name: "a", facts: facts)])
        }

        private func create(_ name: String, _ store: Store, groups: [String: GroupRule] = [:]) async throws {
            _ = try await store.enqueueCreate(
                name: name,
                type: id(1),
                image: id(100),
                constraints: PlacementConstraints(groups: groups),
                request: ""
            )
        }

        private func claim(on pm: Int, _ store: Store) async throws {
            let snapshot = try await store.poll(since: .start, limit: 1)
            let explanation = PlacementExplanation(policy: "seed")
            let steps = try snapshot.lines.map { line -> (line: QueueSnapshot.Line, action: ClaimAction) in
                guard let entry = line.entry else { return (line, .deadLetter(reason: "junk")) }
                return (line, entry.kind == .destroy ? .run : .place(try id(pm), explanation))
            }
            let (room, direct) = (snapshot.headroomVersion, steps.isEmpty ? 1 : 0)
            _ = try await store.claim(steps, direct: direct, headroomVersion: room, worker: "w", lease: .seconds(600))
        }

        private func lease(_ job: Int) throws -> Lease { Lease(job: try id(job), epoch: 1) }

        private func id<Entity>(_ number: Int) throws -> Identifier<Entity> { try #require(Identifier<Entity>(number)) }

        // MARK: What workers do all the time, and an audit

        private func live(_ store: Store) async throws {
            try await store.announce(worker: "w", fields: ["name": "w"], lifetime: .seconds(600))
            _ = try await store.renew([lease(4)], for: .seconds(600))
        }

        private func due(_ store: Store) async throws -> [DueProbe] {
            for pm in 1...2 { _ = try await redis.send(["ZADD", "hvc:discovery", "XX", 0, pm]) }
            let due = try await store.takeDueProbes(limit: 9, deadline: .seconds(60))
            guard !due.faults.isEmpty || due.probes.isEmpty else { return due.probes }
            try await load(store)
            for pm in 1...2 { _ = try await redis.send(["ZADD", "hvc:discovery", "XX", 0, pm]) }
            return try await store.takeDueProbes(limit: 9, deadline: .seconds(60)).probes
        }

        private func probe(_ due: DueProbe, _ store: Store) async throws {
            let capacity = Resources(cpu: 8, ram: 8192, disk: 20)
            let time = try await redis.send(["TIME"]).array?.first?.int ?? 0
            let report = DiscoveryReport(state: .up, measure: PMMeasure(capacity: capacity, available: capacity))
            try await store.record(report, of: due.pm, next: .seconds(60), inventoryAt: time * 1000)
        }

        /// The registrations of the files.
        private var registrations: Registrations {
            get throws {
                var registrations = Registrations()
                registrations.hasMachines = true
                registrations.types = [try id(1)]
                registrations.images = [try id(100)]
                return registrations
            }
        }

        /// Lets all happen that brings things back, and an audit repairs what it can.
        ///
        /// - Returns: what the audit finds first.
        func repair() async throws -> [AuditFinding] {
            let store = store
            try await live(store)
            let running = try await domain(store)
            let found = try await store.check(registrations)
            if !found.missing.isEmpty || found.beganAt == nil { try await load(store) }
            let machines = try await due(store)
            if let running {
                let time = try await redis.send(["TIME"]).array?.first?.int ?? 0
                let observation = Observation(pm: try id(1), probedAt: time * 1000, vm: running)
                _ = try await store.adopt(observation, state: .running)
            }
            for machine in machines { try await probe(machine, store) }
            _ = try await redis.send(["DEL", "hvc:repair"])
            _ = try await store.sweep()
            let findings = try await audit(store)
            for remedy in findings.compactMap(\.remedy) { try await repair(remedy, store) }
            return findings
        }

        /// What the domain of the VM that runs says of it, where its record is lost.
        private func domain(_ store: Store) async throws -> VirtualMachine? {
            try await store.vm(id(2)) == nil ? known : nil
        }

        /// The VM that runs, as its record last had it.
        private var known: VirtualMachine?

        private func audit(_ store: Store) async throws -> [AuditFinding] {
            Audit(snapshot: try await store.auditSnapshot(), contents: [:], cell: "hvc", keys: keysOfStore).findings
        }

        private func repair(_ remedy: AuditFinding.Remedy, _ store: Store) async throws {
            switch remedy {
            case .recount(let pm): _ = try await store.repairClaims(of: pm)
            case .recountGroup(let correction): try await store.repair(correction)
            case .recountProject(let correction): try await store.repair(correction)
            case .retime(let vm): try await store.repair(hold: vm)
            case .requeue(let job): _ = try await store.repair(job: job)
            case .free(let vm): _ = try await store.repair(vm: vm)
            case .list(let vm): try await store.repair(listing: vm)
            case .listJobs(let jobs): try await store.repair(listing: jobs)
            case .probe, .deleteDisk: break
            }
        }

        // MARK: What stands there

        func keys() async throws -> [String] { try await redis.send(["KEYS", "*"]).strings?.sorted() ?? [] }

        /// Times, versions, and what says how often something was done.
        private static let volatile: Set = [
            "seen_at", "checked_at", "measured_at", "inventory_at", "record_version", "settings_version",
            "settled_at", "adopted_at", "placed_at", "running_at", "inspected_at", "created_at", "epoch",
            "handed_back", "looking_until", "look_again", "last_used", "last_used_at", "version",
        ]

        /// Per key what must be the same again: fields without the volatile ones, members without scores.
        func essence() async throws -> [String: Set<String>] {
            var essence: [String: Set<String>] = [:]
            for key in try await keys() {
                switch try await redis.send(["TYPE", key]).string {
                case "hash" where key != "hvc:counters":
                    let fields = try await redis.send(["HGETALL", key]).map ?? [:]
                    essence[key] = Set(
                        fields.filter { !Self.volatile.contains($0.key) }.map { "\($0.key)=\($0.value)" }
                    )
                    if key == "hvc:vm:2" { known = try await store.vm(id(2))?.vm ?? known }
                case "list": essence[key] = Set(try await redis.send(["LRANGE", key, "0", "-1"]).strings ?? [])
                case "set": essence[key] = Set(try await redis.send(["SMEMBERS", key]).strings ?? [])
                case "zset": essence[key] = Set(try await redis.send(["ZRANGE", key, "0", "-1"]).strings ?? [])
                default: essence[key] = []
                }
            }
            return essence
        }
    }
}
