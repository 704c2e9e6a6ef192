import Logging
import Model
import NIOConcurrencyHelpers
import Placement
import RedisClient
import Store
import TestKit
import Testing

@testable import Worker

/// The real store and runner over PMs in memory, with operations of a test in addition to the shipped ones.
struct OperationSite: Sendable {
    let store: Store
    private let operations: OperationRegistry
    private let runner: Runner
    private let record: NIOLockedValueBox<Record>

    private struct Record {
        var done: [String] = []
        var failures: [String: [Failure]] = [:]
        var hooks: [String: @Sendable () async throws -> Void] = [:]
    }

    /// Runs a body on a Redis server of its own.
    ///
    /// - Parameters:
    ///   - operations: all operations.
    ///   - actions: the calls of those that are not shipped.
    ///   - pms: what each PM has.
    ///   - body: the body.
    /// - Throws: what the body throws.
    static func with(
        _ operations: OperationRegistry,
        _ actions: [StepAction: StepActions.Call],
        pms: [Resources] = [Resources(cpu: 4, ram: 4096, disk: 10)],
        _ body: (OperationSite) async throws -> Void
    ) async throws {
        let server = try await RedisServer.started()
        let redis = RedisClient(configuration: server.configuration)
        do {
            try await body(
                try await OperationSite(Store(redis: redis, operations: operations), operations, actions, pms)
            )
        } catch {
            await redis.shutdown()
            try await server.stop()
            throw error
        }
        await redis.shutdown()
        try await server.stop()
    }

    private init(
        _ store: Store,
        _ operations: OperationRegistry,
        _ actions: [StepAction: StepActions.Call],
        _ pms: [Resources]
    ) async throws {
        (self.store, self.operations) = (store, operations)
        let record = NIOLockedValueBox(Record())
        self.record = record
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        runner = Runner(
            store: store,
            drivers: FakeHypervisor(),
            leases: LeaseKeeper(store: store, worker: RunnerFixture.worker, duration: .seconds(60), logger: logger),
            worker: "w",
            operations: operations,
            actions: .shipped.adding(
                Dictionary(
                    uniqueKeysWithValues: actions.map { name, call in (name, Self.recorded(name, call, in: record)) }
                )
            ),
            logger: logger
        )
        try await fill(pms)
    }

    /// A call that fails as often as the test says, and is noted where it does not.
    private static func recorded(
        _ action: StepAction,
        _ call: @escaping StepActions.Call,
        in record: NIOLockedValueBox<Record>
    ) -> StepActions.Call {
        { (context) async throws(Failure) in
            let name = action.rawValue
            let (hook, failure) = record.withLockedValue { ($0.hooks[name], $0.failures[name]?.popLast()) }
            do { try await hook?() } catch { Issue.record(error) }
            if let failure { throw failure }
            let result = try await call(context)
            record.withLockedValue { $0.done.append(name) }
            return result
        }
    }

    /// Makes the PMs, a type of one CPU and an image known, in an empty Redis.
    func fill(_ pms: [Resources]) async throws {
        _ = try await store.register(
            machines: try pms.indices.map { PMListing(address: try PMAddress("host\($0 + 1)")) }
        )
        _ = try await store.register(types: [Resources(cpu: 1, ram: 512, disk: 1)])
        _ = try await store.register(images: [
            ImageRegistration(
                path: "/images/a.qcow2",
                name: "a",
                facts: ImageRegistration.Facts(format: .qcow2, fileBytes: 10, diskBytes: 20, fingerprint: "a-1")
            )
        ])
        for (index, capacity) in pms.enumerated() {
            try await store.record(
                DiscoveryReport(
                    state: .up,
                    measure: PMMeasure(capacity: capacity, available: capacity, claimed: .zero),
                    source: "test"
                ),
                of: try #require(PMID(index + 1)),
                next: .seconds(600)
            )
        }
        _ = try await store.redis.send(["HSETNX", "hvc:counters", "ready_at", "then"])
    }

    /// The actions of the test that were done, in order.
    var done: [String] { record.withLockedValue { $0.done } }

    /// Has the next call of an action fail.
    func fail(_ action: String, with failure: Failure) {
        record.withLockedValue { $0.failures[action, default: []].append(failure) }
    }

    /// Runs something within each call of an action.
    func during(_ action: String, _ hook: @escaping @Sendable () async throws -> Void) {
        record.withLockedValue { $0.hooks[action] = hook }
    }

    // MARK: Jobs

    /// A plan for the oldest entries, as a worker makes it.
    struct Plan: Sendable {
        let steps: [IntakePlan.Step]
        let headroomVersion: String
    }

    /// Plans the oldest entry.
    func plan() async throws -> Plan {
        let snapshot = try await store.poll(since: .start, limit: 1)
        let steps = IntakePlan.steps(
            for: snapshot.lines,
            on: FleetSnapshot(snapshot.changed),
            by: .seed,
            operations: operations
        )
        return Plan(steps: steps, headroomVersion: snapshot.headroomVersion)
    }

    /// Claims what was planned, or else the oldest entry that needs no plan.
    func claim(_ plan: Plan) async throws -> [ClaimedJob] {
        let asked = ContinuousClock.now
        let outcome = try await store.claim(
            plan.steps,
            direct: 1,
            headroomVersion: plan.headroomVersion,
            worker: "w",
            lease: .seconds(60)
        )
        let planned = zip(plan.steps, outcome.results).compactMap { ClaimedJob($0.line, $1, asked: asked) }
        return planned + outcome.direct.compactMap { ClaimedJob($0.line, $0.result, asked: asked) }
    }

    /// Runs claimed jobs to their ends.
    func run(_ jobs: [ClaimedJob]) async {
        for job in jobs { await runner.run(job) }
    }

    /// Takes the oldest jobs and runs them to their ends.
    func runNext() async throws { await run(try await claim(try await plan())) }

    /// Has the lease of a job end, as that of a worker that died, and brings the job back.
    func loseLease(of job: JobID) async throws {
        _ = try await store.redis.send(["ZADD", "hvc:leases", "XX", 1, job.value])
        _ = try await store.sweep(crashLimit: 0)
    }

    /// Makes all deferred jobs due.
    func promoteDeferred() async throws {
        for job in try await store.redis.send(["ZRANGE", "hvc:delayed", 0, "-1"]).strings ?? [] {
            _ = try await store.redis.send(["ZADD", "hvc:delayed", 1, job])
        }
        _ = try await store.sweep(crashLimit: 0)
    }

    // MARK: Claims

    /// The claims on a PM, by consumer.
    func claims(on pm: Int) async throws -> [String: String] {
        try await store.redis.send(["HGETALL", "hvc:pm:\(pm):claims"]).map ?? [:]
    }

    /// What an audit finds of the records.
    func findings() async throws -> [String] {
        let snapshot = try await store.auditSnapshot()
        return Audit(snapshot: snapshot, contents: [:], cell: "hvc", keys: store.keys, operations: operations)
            .findings.map(\.text)
    }

    /// Expects that no PM has claimed more than it has, and that claims, sums and groups agree.
    func expectWholeClaims(_ what: @autoclosure () -> String = "", _ place: SourceLocation = #_sourceLocation)
        async throws
    {
        let snapshot = try await store.auditSnapshot()
        let audit = Audit(snapshot: snapshot, contents: [:], cell: "hvc", keys: store.keys, operations: operations)
        let findings = (audit.claimFindings + audit.groupFindings + audit.projectFindings).map(\.text)
        #expect(findings.isEmpty, "\(what())", sourceLocation: place)
        for row in snapshot.machines {
            let capacity = row.machine.measure?.capacity ?? .zero
            #expect(row.machine.claimed.fits(in: capacity), "PM \(row.machine.id): \(what())", sourceLocation: place)
        }
    }
}
