import Model
import Placement
import RedisClient
import Store
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
    @Sendable
    static func call(_ context: StepContext) async throws(Failure) -> StepResult { StepResult(detail: "greeted") }
}

@Suite("An operation that is added")
struct AddedOperationTests {
    @Test("It is accepted, claimed, run and logged like any other, fails and is tried again by its own policy")
    func lifecycle() async throws {
        try await OperationSite.with(Added.operations, ["greet": Added.call]) { (worker) async throws in
            let store = worker.store
            _ = try await store.enqueueCreate(name: "a", type: id(1), image: id(100), request: "r")
            let failure = await #expect(throws: Failure.self) {
                try await store.enqueue("greet", on: id(1), request: "r")
            }
            #expect(failure?.code == .wrongState, "it begins in no VM that is not built yet")
            try await worker.runNext()
            #expect(try await store.vm(id(1))?.state == .running)

            worker.fail("greet", with: Failure(.machineUnreachable, "away"))
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
            #expect(worker.done == ["greet"])
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

    private func id<Entity>(_ number: Int) throws -> Identifier<Entity> {
        try #require(Identifier<Entity>(number))
    }
}
