import Logging
import Model
import NIOConcurrencyHelpers
import Placement
import RedisClient
import Store
import TestKit
import Testing

@testable import Worker

/// What it takes to add an operation, as docs/architecture.md describes it: this is the whole of it, but for an endpoint.
private enum Added {
    /// Its file.
    static let greet = Model.Operation(
        kind: "greet",
        subject: .vm,
        claim: .none,
        steps: [OperationStep("greet", "greet")],
        retry: RetryPolicy(RetryPolicy.Rule(.codes([.machineUnreachable]), .postpone(.backoff()))),
        states: [StateRow(.running, start: .keep, done: .keep, failed: .keep)],
        jobField: "greet_job"
    )

    /// Its registration.
    static let operations = OperationRegistry(Operation.all + [greet])

    /// Its call of the driver.
    static func actions(_ greeted: @escaping @Sendable (VMID) async throws(Failure) -> Void) -> StepActions {
        StepActions.shipped.adding([
            "greet": { (context) async throws(Failure) in
                try await greeted(context.vm.id)
                return StepResult(detail: "greeted")
            }
        ])
    }
}

@Suite("An operation that is added")
struct AddedOperationTests {
    @Test("It is accepted, claimed, run and logged like any other, fails and is tried again by its own policy")
    func lifecycle() async throws {
        try await withWorker { (worker) async throws in
            let store = worker.store
            _ = try await store.enqueueCreate(name: "a", type: id(1), image: id(100), request: "r")
            let failure = await #expect(throws: Failure.self) {
                try await store.enqueue("greet", on: id(1), request: "r")
            }
            #expect(failure?.code == .wrongState, "it begins in no VM that is not built yet")
            try await worker.runNext()
            #expect(try await store.vm(id(1))?.state == .running)

            worker.fail(once: Failure(.machineUnreachable, "away"))
            let job = try await store.enqueue("greet", on: id(1), request: "r").job
            let again = await #expect(throws: Failure.self) {
                try await store.enqueue("greet", on: id(1), request: "r")
            }
            #expect(again?.code == .wrongState, "one at a time")
            try await worker.runNext()
            #expect(try await store.status(of: job)?.state == .delayed)
            _ = try await store.redis.send(["ZADD", "hvc:delayed", 1, job.value])
            #expect(try await store.sweep().due == [job])
            try await worker.runNext()
            #expect(try await store.status(of: job)?.state == .done)
            #expect(worker.greeted == [try id(1)])
            let steps = try await store.steps(of: job)
            #expect(steps.values.map(\.name) == ["greet"])
            #expect(steps[1]?.detail == "greeted" && steps[1]?.endedAt != nil && steps[1]?.epoch == 3)

            #expect(try await store.vm(id(1))?.state == .running)
            #expect(try await store.machine(id(1))?.vmCount == 1)
            // The operations of before know it as little as before.
            _ = try await store.enqueue("greet", on: id(1), request: "r")
            let old = Store(redis: store.redis)
            let snapshot = try await old.poll(since: .start, limit: 1)
            let plan = IntakePlan.steps(for: snapshot.lines, on: FleetSnapshot(snapshot.changed), by: .seed)
            let outcome = try await old.claim(
                plan,
                direct: 1,
                headroomVersion: snapshot.headroomVersion,
                worker: "w",
                lease: .seconds(60)
            )
            #expect(outcome.direct.map(\.result) == [.deadLettered])
        }
    }

    private func withWorker(_ body: (WorkerSite) async throws -> Void) async throws {
        let server = try await RedisServer.started()
        let redis = RedisClient(configuration: server.configuration)
        do {
            try await body(try await WorkerSite(Store(redis: redis, operations: Added.operations)))
        } catch {
            await redis.shutdown()
            try await server.stop()
            throw error
        }
        await redis.shutdown()
        try await server.stop()
    }

    private func id<Entity>(_ number: Int) throws -> Identifier<Entity> {
        try #require(Identifier<Entity>(number))
    }
}

/// The real store and runner over one PM in memory.
private struct WorkerSite {
    let store: Store
    private let runner: Runner
    private let events = NIOLockedValueBox((greeted: [VMID](), failures: [Failure]()))

    init(_ store: Store) async throws {
        self.store = store
        _ = try await store.register(machines: [PMListing(address: try PMAddress("host1"))])
        _ = try await store.register(types: [Resources(cpu: 1, ram: 512, disk: 1)])
        _ = try await store.register(images: [
            ImageRegistration(
                path: "/images/a.qcow2",
                name: "a",
                facts: ImageRegistration.Facts(format: .qcow2, fileBytes: 10, diskBytes: 20, fingerprint: "a-1")
            )
        ])
        let room = Resources(cpu: 4, ram: 4096, disk: 10)
        guard let pm = PMID(1) else { throw TestKitError("1 is no number") }
        try await store.record(
            DiscoveryReport(
                state: .up,
                measure: PMMeasure(capacity: room, available: room, claimed: .zero),
                source: "test"
            ),
            of: pm,
            next: .seconds(60)
        )
        _ = try await store.redis.send(["HSETNX", "hvc:counters", "ready_at", "then"])
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        runner = Runner(
            store: store,
            drivers: FakeHypervisor(),
            leases: LeaseKeeper(store: store, worker: RunnerFixture.worker, duration: .seconds(60), logger: logger),
            worker: "w",
            operations: Added.operations,
            actions: Added.actions { [events] (vm) async throws(Failure) in
                let failure = events.withLockedValue { $0.failures.popLast() }
                if let failure { throw failure }
                events.withLockedValue { $0.greeted.append(vm) }
            },
            logger: logger
        )
    }

    var greeted: [VMID] { events.withLockedValue { $0.greeted } }

    func fail(once failure: Failure) { events.withLockedValue { $0.failures.append(failure) } }

    /// Takes the oldest job and runs it to its end.
    func runNext() async throws {
        let snapshot = try await store.poll(since: .start, limit: 1)
        let plan = IntakePlan.steps(
            for: snapshot.lines,
            on: FleetSnapshot(snapshot.changed),
            by: .seed,
            operations: Added.operations
        )
        let asked = ContinuousClock.now
        let outcome = try await store.claim(
            plan,
            direct: 1,
            headroomVersion: snapshot.headroomVersion,
            worker: "w",
            lease: .seconds(60)
        )
        let planned = zip(plan, outcome.results).compactMap { ClaimedJob($0.line, $1, asked: asked) }
        let direct = outcome.direct.compactMap { ClaimedJob($0.line, $0.result, asked: asked) }
        for job in planned + direct {
            await runner.run(job)
        }
    }
}
