import Foundation
import Model
import Placement
import RedisClient
import Store

/// Times how fast creates get from the queue to a place, by workers that look, plan and claim as the program does.
///
/// Usage: `Claims REDIS_URL JOBS WORKERS PMS`. On an empty Redis it makes the PMs known, accepts the creates and lets the
/// workers take them all, each with a connection of its own; the jobs then stay as they are. Prints
/// `claimed JOBS_A_SECOND`. With 0 workers all is planned beforehand and one connection sends nothing but the claims, in
/// batches of 64: what the script itself and Redis allow.
@main
struct Claims {
    private static let batch = 64

    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        let numbers = arguments.dropFirst().compactMap { Int($0) }
        guard let url = arguments.first, numbers.count == 3, numbers[0] > 0, numbers[2] > 0 else {
            throw Trouble(description: "Usage: Claims REDIS_URL JOBS WORKERS PMS")
        }
        let site = Site(url: url, jobs: numbers[0], machines: numbers[2])
        try await site.fill()
        let workers = numbers[1]
        let elapsed = try await workers == 0 ? site.ceiling(batch) : site.race(workers, batch)
        print("claimed", String(format: "%.1f", Double(numbers[0]) / (elapsed / .seconds(1))))
    }
}

/// Why there is no result.
struct Trouble: Error, CustomStringConvertible {
    let description: String
}

/// A Redis with PMs and a full queue.
private struct Site {
    let url: String
    let jobs: Int
    let machines: Int

    func store() throws -> Store { Store(redis: RedisClient(configuration: try RedisConfiguration(url: url))) }

    func fill() async throws {
        let store = try store()
        let listings = try (1...machines).map { PMListing(address: try PMAddress("host\($0)")) }
        let pms = try await store.register(machines: listings)
        let types = try await store.register(types: [Resources(cpu: 1, ram: 512, disk: 1)])
        let facts = ImageRegistration.Facts(format: .raw, fileBytes: 512, diskBytes: 512, fingerprint: "a")
        let images = try await store.register(images: [ImageRegistration(path: "/a", name: "a", facts: facts)])
        let capacity = Resources(cpu: 1 << 20, ram: 1 << 28, disk: 1 << 20)
        let report = DiscoveryReport(state: .up, measure: PMMeasure(capacity: capacity, available: capacity))
        _ = try await store.record(pms.map { ProbeFinding(pm: $0, report: report, next: .seconds(3600)) })
        guard let type = types.first, let image = images.first else { throw Trouble(description: "nothing is listed") }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<jobs {
                if number >= 64 { try await group.next() }
                group.addTask { _ = try await store.enqueueCreate(name: "a", type: type, image: image, request: "") }
            }
            try await group.waitForAll()
        }
        await store.redis.shutdown()
    }

    /// All workers at once.
    func race(_ workers: Int, _ batch: Int) async throws -> Duration {
        let stores = try (0..<workers).map { _ in try store() }
        let clock = ContinuousClock()
        // Each has read the fleet before, as a worker has that is at work.
        var caches: [FleetCache] = []
        for store in stores { caches.append(try await read(store)) }
        let began = clock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, (store, cache)) in zip(stores, caches).enumerated() {
                group.addTask { try await takeAll(as: "w\(number)", store, cache, batch) }
            }
            try await group.waitForAll()
        }
        let elapsed = clock.now - began
        for store in stores { await store.redis.shutdown() }
        return elapsed
    }

    private func read(_ store: Store) async throws -> FleetCache {
        var cache = FleetCache()
        while true {
            let snapshot = try await store.poll(since: cache.position, limit: 0)
            cache.update(by: snapshot)
            if !snapshot.hasMore { return cache }
        }
    }

    private func takeAll(as worker: String, _ store: Store, _ known: FleetCache, _ batch: Int) async throws {
        var cache = known
        while true {
            let snapshot = try await store.poll(since: cache.position, limit: batch)
            cache.update(by: snapshot)
            if snapshot.lines.isEmpty { return }
            let steps = try steps(for: snapshot.lines, on: cache.fleet)
            _ = try await store.claim(
                steps,
                headroomVersion: snapshot.headroomVersion,
                worker: worker,
                lease: .seconds(3600)
            )
        }
    }

    /// The claims alone.
    func ceiling(_ batch: Int) async throws -> Duration {
        let store = try store()
        let snapshot = try await store.poll(since: .start, limit: jobs)
        let cache = try await read(store)
        var plans: [[(line: QueueSnapshot.Line, action: ClaimAction)]] = []
        for start in stride(from: 0, to: snapshot.lines.count, by: batch) {
            let lines = snapshot.lines[start..<min(start + batch, snapshot.lines.count)]
            plans.append(try steps(for: Array(lines), on: cache.fleet))
        }
        let clock = ContinuousClock()
        let began = clock.now
        for plan in plans {
            let outcome = try await store.claim(
                plan,
                headroomVersion: snapshot.headroomVersion,
                worker: "w",
                lease: .seconds(3600)
            )
            guard outcome.stop == .complete else { throw Trouble(description: "\(outcome.stop)") }
        }
        let elapsed = clock.now - began
        await store.redis.shutdown()
        return elapsed
    }

    private func steps(
        for lines: [QueueSnapshot.Line],
        on fleet: FleetSnapshot
    ) throws -> [(line: QueueSnapshot.Line, action: ClaimAction)] {
        let requests = lines.compactMap(\.entry).map {
            PlacementRequest(vm: $0.vm, needs: $0.needs, image: $0.image)
        }
        return try zip(lines, plan(requests, on: fleet, by: .seed)).map { line, decision in
            guard let machine = decision.machine else { throw Trouble(description: "\(decision.outcome)") }
            return (line, .place(machine, decision.explanation))
        }
    }
}
