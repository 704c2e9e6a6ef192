import Foundation
import Logging
import Model
import Placement
import RedisClient
import Store
import TestKit

/// A store on a Redis server of its own, with a small catalog.
final class StoreFixture: Sendable {
    let server: RedisServer
    let store: Store

    init(machines: [String] = ["host1"], prefix: String = "hvc:", isReady: Bool = true) async throws {
        server = try await RedisServer.started()
        store = Store(redis: RedisClient(configuration: server.configuration), keys: Keys(prefix: prefix))
        try await fill(machines: machines, isReady: isReady)
    }

    /// The same server, emptied and filled anew, by a store that knows nothing of before.
    init(emptying other: StoreFixture, machines: [String]) async throws {
        server = other.server
        _ = try await other.store.redis.send(["FLUSHALL"])
        store = Store(redis: other.store.redis, keys: other.store.keys)
        try await fill(machines: machines, isReady: true)
    }

    private func fill(machines: [String], isReady: Bool) async throws {
        let listings = try machines.map { PMListing(address: try PMAddress($0)) }
        _ = try await store.register(machines: listings)
        _ = try await store.register(types: [Resources(cpu: 1, ram: 512, disk: 1)])
        _ = try await store.register(images: [Self.image])
        // As after a first probe of each PM, which most tests do without.
        if isReady { _ = try await store.redis.send(["HSETNX", store.keys.counters, "ready_at", "then"]) }
    }

    static let image = ImageRegistration(
        path: "/images/a.qcow2",
        name: "a",
        facts: ImageRegistration.Facts(format: .qcow2, fileBytes: 10, diskBytes: 20, fingerprint: "a-1")
    )

    /// Runs a body and ends the server after it.
    static func with(
        machines: [String] = ["host1"],
        prefix: String = "hvc:",
        isReady: Bool = true,
        _ body: (StoreFixture) async throws -> Void
    ) async throws {
        let fixture = try await StoreFixture(machines: machines, prefix: prefix, isReady: isReady)
        do { try await body(fixture) } catch {
            await fixture.store.redis.shutdown()
            try await fixture.server.stop()
            throw error
        }
        await fixture.store.redis.shutdown()
        try await fixture.server.stop()
    }

    /// Makes a machine known as up with this much of everything.
    func up(_ number: Int, _ capacity: Resources, claimed: Resources = .zero) async throws {
        let measure = PMMeasure(capacity: capacity, available: capacity, claimed: claimed)
        try await store.record(
            DiscoveryReport(state: .up, measure: measure, source: "test"),
            of: try number.identifier(),
            next: .seconds(60)
        )
    }

    /// Accepts a create of type 1.
    func create(_ name: String = "a", groups: [String: GroupRule] = [:]) async throws -> Acceptance {
        try await store.enqueueCreate(
            name: name,
            type: try 1.identifier(),
            image: try 100.identifier(),
            constraints: PlacementConstraints(groups: groups),
            request: "r"
        )
    }

    /// Polls the queue, plans every create on the fleet as it is reported, and claims, with as many jobs that need no plan as are left.
    func takeAll(worker: String = "w", limit: Int = 100) async throws -> (QueueSnapshot, ClaimOutcome) {
        let snapshot = try await store.poll(since: .start, limit: limit)
        let fleet = FleetSnapshot(snapshot.changed)
        let requests = snapshot.lines.filter { $0.placedOn == nil }.compactMap(\.entry).filter { $0.kind == .create }
            .map { PlacementRequest(vm: $0.vm, needs: $0.needs, excludedPMs: Set($0.excludedPMs ?? [])) }
        var decisions = plan(requests, on: fleet, by: .seed)[...]
        let steps = snapshot.lines.map { line -> (line: QueueSnapshot.Line, action: ClaimAction) in
            guard let entry = line.entry else { return (line, .deadLetter(reason: "no entry")) }
            guard entry.kind == .create, line.placedOn == nil, let decision = decisions.popFirst() else {
                return (line, .run)
            }
            switch decision.outcome {
            case .place(let machine): return (line, .place(machine, decision.explanation))
            case .refuse(let failure): return (line, .refuse(failure, decision.explanation))
            case .undecided: return (line, .run)
            }
        }
        let outcome = try await store.claim(
            steps,
            direct: limit - steps.count,
            headroomVersion: snapshot.headroomVersion,
            worker: worker,
            lease: .seconds(60)
        )
        let results = outcome.results + outcome.direct.map(\.result)
        return (snapshot, ClaimOutcome(stop: outcome.stop, results: results, direct: outcome.direct))
    }

    /// Begins a step; false where the job is another worker's, or has ended.
    func begin(_ step: String, isProgress: Bool = true, of lease: Lease) async throws -> Bool {
        let begin = StepBegin(step, isProgress: isProgress, writing: [])
        guard case .go = try await store.beginStep(begin, of: lease, for: .seconds(60)) else { return false }
        return true
    }

    /// The time by the server's clock, in ms since 1970.
    func now() async throws -> Int {
        let parts = try await store.redis.send(["TIME"]).array?.compactMap(\.int) ?? []
        guard parts.count == 2 else { throw TestKitError("no TIME") }
        return parts[0] * 1000 + parts[1] / 1000
    }

    /// All that stands in Redis, by key: what has no order is sorted.
    func everything() async throws -> [String: [String]] {
        var found: [String: [String]] = [:]
        for key in try await store.redis.send(["KEYS", "*"]).strings ?? [] {
            switch try await store.redis.send(["TYPE", key]).string {
            case "hash":
                found[key] = try await store.redis.send(["HGETALL", key]).map?.map { "\($0.key)=\($0.value)" }.sorted()
            case "list": found[key] = try await list(key)
            case "set": found[key] = try await store.redis.send(["SMEMBERS", key]).strings?.sorted()
            case "zset": found[key] = try await store.redis.send(["ZRANGE", key, "0", "-1", "WITHSCORES"]).strings
            case "stream": found[key] = ["\(try await store.redis.send(["XRANGE", key, "-", "+"]))"]
            default: found[key] = [try await store.redis.send(["GET", key]).string ?? ""]
            }
        }
        return found
    }

    /// A field of a hash, as redis-cli would show it.
    func field(_ key: String, _ field: String) async throws -> String? {
        try await store.redis.send(["HGET", key, field]).string
    }

    /// The entries of all queues, the highest number first.
    func queued() async throws -> [String] {
        let back = try await store.redis.send(["ZRANGE", store.keys.returned, "0", "-1"]).strings ?? []
        let all = try await list(store.keys.queue) + list(store.keys.direct) + back
        func number(_ line: String) -> Int { line.firstMatch(of: /"job":(\d+)/).flatMap { Int($0.1) } ?? 0 }
        return all.sorted { number($0) > number($1) }
    }

    /// The entries of a list.
    func list(_ key: String) async throws -> [String] {
        try await store.redis.send(["LRANGE", key, "0", "-1"]).strings ?? []
    }
}

extension Int {
    /// The number as an identifier.
    func identifier<Entity>() throws -> Identifier<Entity> {
        guard let identifier = Identifier<Entity>(self) else { throw TestKitError("\(self) is no identifier") }
        return identifier
    }
}
