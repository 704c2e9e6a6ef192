import Foundation
import Model
import Placement
import RedisClient
import Store
import TestKit

/// The gateway as a process, on a Redis server of its own; the test plays the workers.
final class GatewayFixture: Sendable {
    let server: RedisServer
    let store: Store
    let process: ChildProcess
    let port: Int
    let http: HTTPCalls

    private init(environment: [String: String], descriptors: Int?) async throws {
        server = try await RedisServer.started()
        store = Store(redis: RedisClient(configuration: server.configuration))
        var settings = ["HVC_REDIS_URL": server.url, "HVC_PORT": "0", "PATH": "/usr/bin:/bin"]
        settings.merge(environment) { _, new in new }
        let program = try BuiltProgram.path("hvc-gateway")
        let limit = descriptors.map { "ulimit -n \($0); " } ?? ""
        process = try ChildProcess("bash", ["-c", limit + #"exec "$0""#, program], environment: settings)
        let line = try await process.waitForLine(containing: "listening address=", within: .seconds(30))
        guard let port = line.split(separator: ":").last.flatMap({ Int($0) }) else { throw TestKitError(line) }
        self.port = port
        http = HTTPCalls(base: "http://127.0.0.1:\(port)")
    }

    static func with(
        _ environment: [String: String] = [:],
        descriptors: Int? = nil,
        _ body: (GatewayFixture) async throws -> Void
    ) async throws {
        let fixture = try await GatewayFixture(environment: environment, descriptors: descriptors)
        let result: Result<Void, any Error>
        do { result = .success(try await body(fixture)) } catch { result = .failure(error) }
        _ = try await fixture.process.kill()
        await fixture.store.redis.shutdown()
        try await fixture.server.stop()
        try result.get()
    }

    /// Says that a worker lives, as one with that lease would.
    func announceWorker(lease: Duration) async throws {
        let milliseconds = Int(lease / .milliseconds(1))
        try await store.announce(worker: "w", fields: ["lease_ms": "\(milliseconds)"], lifetime: .seconds(600))
    }

    /// One PM that is up, one type, one image.
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
    func work(failure: Failure? = nil) async throws {
        try await eventually("a job to come") {
            try await store.redis.send(["LLEN", "hvc:queue"]).int ?? 0 > 0
        }
        let lease = try await claim()
        guard try await store.finish(lease, by: "w", failure: failure) else { throw TestKitError("not finished") }
    }

    private func claim() async throws -> Lease {
        let peek = try await store.peek(since: .start, limit: 1)
        let line = peek.lines[0]
        guard let entry = line.entry, let pm = peek.changed.first?.id else { throw TestKitError("nothing to claim") }
        let action: ClaimAction = entry.kind == .create ? .place(pm, PlacementExplanation(policy: "seed")) : .run
        let outcome = try await store.claim(
            [(line, action)],
            roomVersion: peek.roomVersion,
            worker: "w",
            lease: .seconds(60)
        )
        guard case .started(let epoch, _) = outcome.results.first else { throw TestKitError("\(outcome)") }
        return Lease(job: entry.job, epoch: epoch)
    }
}
