import Model
import Placement
import RedisClient
import Store
import TestKit

/// A gateway on a Redis server of its own, where the test plays the workers.
protocol PlayedFleet: Sendable {
    var store: Store { get }
}

extension PlayedFleet {
    /// Says that a worker lives, as one with that lease would.
    func announceWorker(lease: Duration) async throws {
        let milliseconds = Int(lease / .milliseconds(1))
        try await store.announce(worker: "w", fields: ["lease_ms": "\(milliseconds)"], lifetime: .seconds(600))
    }

    /// One PM that is up, two types, one image.
    func fill() async throws {
        let listing = PMListing(address: try PMAddress("host1"))
        guard let pm = try await store.register(machines: [listing]).first else { throw TestKitError("no PM") }
        _ = try await store.register(types: [
            Resources(cpu: 1, ram: 512, disk: 1), Resources(cpu: 2, ram: 1024, disk: 2),
        ])
        let facts = ImageRegistration.Facts(format: .qcow2, fileBytes: 1, diskBytes: 1, fingerprint: "a")
        _ = try await store.register(images: [
            ImageRegistration(path: "/a.qcow2", name: "Ubuntu12.04amd64", facts: facts)
        ])
        let capacity = Resources(cpu: 4, ram: 4096, disk: 160)
        let report = DiscoveryReport(state: .up, measure: PMMeasure(capacity: capacity, available: capacity))
        try await store.record(report, of: pm, next: .seconds(60))
    }

    /// Takes the next job as a worker would, and ends it.
    ///
    /// - Parameters:
    ///   - failure: why it fails; nil where it does not.
    ///   - left: the files that a destroy leaves.
    /// - Throws: `Failure`; `TestKitError` where it is not to be had.
    func work(failure: Failure? = nil, left: [String] = []) async throws {
        try await eventually("a job to come") {
            try await store.redis.send(["EXISTS", "hvc:queue", "hvc:queue:direct"]).int ?? 0 > 0
        }
        guard let lease = try await claim() else { return }
        if !left.isEmpty { try await store.note(left: left, by: lease) }
        guard try await store.finish(lease, by: "w", JobEnding(failure: failure)) else {
            throw TestKitError("not finished")
        }
    }

    /// Takes the next job as a worker would that dies under it for the last time: it is given up.
    func giveUp() async throws {
        guard let lease = try await claim() else { throw TestKitError("nothing to claim") }
        _ = try await store.renew([lease], for: .zero)
        guard try await store.sweep(crashLimit: 1).givenUp == [lease.job] else { throw TestKitError("not given up") }
    }

    /// Nil where the claim was all that there was to do: a hold ends with it.
    private func claim() async throws -> Lease? {
        let snapshot = try await store.poll(since: .start, limit: 1)
        guard let pm = snapshot.changed.first?.id else { throw TestKitError("nothing to claim") }
        let outcome = try await store.claim(
            snapshot.lines.map { ($0, .place(pm, PlacementExplanation(policy: "seed"))) },
            direct: snapshot.lines.isEmpty ? 1 : 0,
            headroomVersion: snapshot.headroomVersion,
            worker: "w",
            lease: .seconds(60)
        )
        if case .ended = (outcome.results + outcome.direct.map(\.result)).first { return nil }
        let taken =
            outcome.direct.first.map { ($0.line, $0.result) }
            ?? zip(snapshot.lines, outcome.results).first { _ in true }
        guard let (line, result) = taken, let entry = line.entry, case .started(let epoch, _, _) = result else {
            throw TestKitError("\(outcome)")
        }
        return Lease(job: entry.job, epoch: epoch)
    }
}
