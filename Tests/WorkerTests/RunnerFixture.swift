import Foundation
import Logging
import Model
import NIOConcurrencyHelpers
import Store

@testable import Worker

/// A runner over fakes, with one job of one VM on one PM.
struct RunnerFixture {
    let store: FakeJobStore
    let hypervisor: FakeHypervisor
    let clock = TestClock()
    let leases: LeaseKeeper
    let runner: Runner
    let kind: Job.Kind

    init(
        _ kind: Job.Kind = .create,
        state: FakeJobStore.State? = nil,
        failing failures: [String: [Failure]] = [:],
        operations: OperationRegistry = .shipped,
        actions: StepActions = .shipped,
        metrics: JobMetrics = JobMetrics(),
        began: @escaping @Sendable (String?) -> Void = { _ in },
        entered: @escaping @Sendable (String) async -> Void = { _ in }
    ) throws {
        self.kind = kind
        store = FakeJobStore(try state ?? Self.state(), began: began)
        hypervisor = FakeHypervisor(failing: failures, entered: entered)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        leases = LeaseKeeper(
            store: store,
            worker: Self.worker,
            duration: .seconds(15),
            clock: clock,
            logger: logger
        )
        runner = Runner(
            store: store,
            drivers: hypervisor,
            leases: leases,
            worker: "w",
            operations: operations,
            actions: actions,
            metrics: metrics,
            clock: clock,
            fraction: { 0.5 },
            logger: logger
        )
    }

    static let worker = WorkerRecord(name: "w", instance: "1", settings: [:], fields: [:])

    /// A VM that is being built on a PM, with its image.
    static func state() throws -> FakeJobStore.State {
        let pm: PMID = try id(1)
        let vm = VirtualMachine(
            id: try id(1),
            uuid: UUID(),
            name: "a",
            type: try id(1),
            image: try id(100),
            needs: Resources(cpu: 1, ram: 512, disk: 1),
            constraints: PlacementConstraints(reservesAddress: true),
            seed: SeedSummary()
        )
        return FakeJobStore.State(
            status: VMStatus(vm: vm, state: .building, pm: pm),
            machine: PhysicalMachine(id: pm, listing: PMListing(address: try PMAddress("h")), state: .up),
            image: ImageRegistration(
                path: "/images/a.qcow2",
                name: "a",
                facts: ImageRegistration.Facts(format: .qcow2, fileBytes: 10, diskBytes: 20, fingerprint: "a-1")
            )
        )
    }

    /// Runs the job as whoever holds it now.
    ///
    /// - Parameter asked: when its first step began with the claim; nil where it did not.
    /// - Throws: what makes an identifier.
    func run(since asked: ContinuousClock.Instant? = nil) async throws {
        let lease = Lease(job: try Self.id(1), epoch: store[\.epoch])
        await runner.run(
            ClaimedJob(
                lease: lease,
                entry: QueueEntry(job: lease.job, kind: kind, vm: try Self.id(1), needs: .zero),
                machine: store[\.status]?.pm,
                asked: asked ?? clock.now,
                firstStepAt: asked.map { _ in "2026-01-01T00:00:00.000Z" }
            )
        )
    }

    /// Another worker takes the job up, as after a sweep or when it is due.
    func takeOver() {
        store.state.withLockedValue { state in
            state.epoch += 1
            state.exit = nil
        }
    }

    /// The log in its order, as `disk`, `disk+` where it has ended, `disk-` where it was undone.
    var log: [String] {
        store[\.steps].sorted { $0.key < $1.key }.map { _, step in
            step.name + (step.undoneAt != nil ? "-" : step.endedAt != nil ? "+" : "")
        }
    }

    private static func id<Entity>(_ number: Int) throws -> Identifier<Entity> {
        guard let id = Identifier<Entity>(number) else { throw Failure(.internalFault, "\(number) is no number") }
        return id
    }
}
