import Logging
import Model
import NIOConcurrencyHelpers
import Store

@testable import Worker

/// One job in memory, as the store keeps it, and everything that was asked of it.
final class FakeJobStore: JobStore {
    func note(_ findings: [AddressFinding], on pm: PMID) async throws(Failure) -> Set<VMID> { Set(findings.map(\.vm)) }

    /// How the job ended or left its worker.
    enum Exit: Hashable, Sendable {
        case done
        case failed(FailureCode, hasCleanup: Bool, penalizesPM: Bool)
        case requeued
        case postponed(FailureCode)
        case rescheduled(FailureCode)
    }

    struct State {
        var status: VMStatus?
        var origin = JobOrigin()
        var machine: PhysicalMachine?
        var image: ImageRegistration?
        var epoch = 1
        var steps: [Int: StepRecord] = [:]
        var exit: Exit?
        var tries = 0
        var isReachedElsewhere = false
        /// The answers to the next steps, before the usual one.
        var permits: [StepPermit] = []
        /// The failures of the next calls that write.
        var outages: [Failure] = []
        var left: [String] = []
        var calls = 0
        var renewals: [[JobID]] = []
        var announcements = 0
        var lost: [JobID] = []
        var isOwnName = true
        var isNameReleased = false
        var sweeps: [SweepOutcome] = []
        var countedCrashes: [Bool] = []
    }

    let state: NIOLockedValueBox<State>
    /// Called when a step has begun.
    let began: @Sendable (String?) -> Void

    init(_ state: State, began: @escaping @Sendable (String?) -> Void = { _ in }) {
        self.state = NIOLockedValueBox(state)
        self.began = began
    }

    /// The value of a property.
    subscript<Value: Sendable>(path: any KeyPath<State, Value> & Sendable) -> Value {
        state.withLockedValue { $0[keyPath: path] }
    }

    func subject(of entry: QueueEntry, at pm: PMID) async throws(Failure) -> JobSubject {
        JobSubject(status: self[\.status], machine: self[\.machine], origin: self[\.origin])
    }

    func imageRegistration(_ id: ImageID) async throws(Failure) -> ImageRegistration? { self[\.image] }

    func seed(of vm: VirtualMachine) async throws(Failure) -> GuestSeed? {
        vm.seed.map { GuestSeed(summary: $0, sshKeys: [], userData: [], networkConfig: "") }
    }

    func tries(of job: JobID) async throws(Failure) -> Int { self[\.tries] }

    func isReached(_ pm: PMID, byOtherThan worker: String) async throws(Failure) -> Bool { self[\.isReachedElsewhere] }

    func steps(of job: JobID) async throws(Failure) -> [Int: StepRecord] { self[\.steps] }

    func beginStep(_ step: StepBegin, of lease: Lease, for duration: Duration?) async throws(Failure) -> StepPermit {
        let permit = try write(lease, step.writes) { state in state.permits.isEmpty ? nil : state.permits.removeFirst()
        }
        guard case .go = permit else { return permit }
        began(step.name)
        return permit
    }

    func note(left files: [String], by lease: Lease) async throws(Failure) {
        state.withLockedValue { $0.left = files }
    }

    func finish(_ lease: Lease, by worker: String, _ ending: JobEnding) async throws(Failure) -> Bool {
        let exit = ending.failure.map {
            Exit.failed($0.code, hasCleanup: ending.cleanupDelay != nil, penalizesPM: ending.penalizesPM)
        }
        return try leave(lease, exit ?? .done, ending.writes)
    }

    func requeue(_ lease: Lease, reason: String, writing steps: [StepWrite]) async throws(Failure) -> Bool {
        try leave(lease, .requeued, steps)
    }

    func postpone(
        _ lease: Lease,
        by delay: Duration,
        because failure: Failure,
        writing steps: [StepWrite]
    ) async throws(Failure) -> Bool {
        try leave(lease, .postponed(failure.code), steps)
    }

    func reschedule(
        _ lease: Lease,
        because failure: Failure,
        penalizesPM: Bool,
        writing steps: [StepWrite]
    ) async throws(Failure) -> Bool {
        try leave(lease, .rescheduled(failure.code), steps)
    }

    func renew(_ leases: [Lease], for duration: Duration) async throws(Failure) -> [JobID] {
        try outage()
        return state.withLockedValue { state in
            state.renewals.append(leases.map(\.job))
            return state.lost
        }
    }

    func announce(_ worker: WorkerRecord, jobs: Int, lifetime: Duration) async throws(Failure) -> Bool {
        state.withLockedValue { state in
            state.announcements += 1
            return state.isOwnName
        }
    }

    func unregister(_ worker: WorkerRecord) async throws(Failure) {
        state.withLockedValue { $0.isNameReleased = true }
    }

    func sweep(isCountingCrashes: Bool) async throws(Failure) -> SweepOutcome {
        state.withLockedValue { $0.countedCrashes.append(isCountingCrashes) }
        try outage()
        return state.withLockedValue { state in
            state.calls += 1
            guard !state.sweeps.isEmpty else {
                return SweepOutcome(next: nil)
            }
            return state.sweeps.removeFirst()
        }
    }

    private func outage() throws(Failure) {
        let failure = state.withLockedValue { $0.outages.isEmpty ? nil : $0.outages.removeFirst() }
        if let failure { throw failure }
    }

    private func leave(_ lease: Lease, _ exit: Exit, _ writes: [StepWrite]) throws(Failure) -> Bool {
        let permit = try write(lease, writes) { state in
            state.exit = exit
            return nil
        }
        return permit != .lost
    }

    /// Writes under the fence; the times are the numbers of the calls.
    private func write(
        _ lease: Lease,
        _ writes: [StepWrite],
        _ body: (inout State) -> StepPermit?
    ) throws(Failure) -> StepPermit {
        try outage()
        return state.withLockedValue { state in
            state.calls += 1
            guard lease.epoch == state.epoch, state.exit == nil, let pm = state.status?.pm else { return .lost }
            if let other = body(&state) { return other }
            var log = StepLog(state.steps, on: pm, epoch: lease.epoch)
            log.take(writes, at: "\(state.calls)")
            state.steps = log.records
            return .go(at: "\(state.calls)")
        }
    }
}

/// A PM in memory: what stands there of one VM, and what was called.
final class FakeHypervisor: Hypervisor {
    struct State {
        var calls: [String] = []
        /// The failure of the next call of a name.
        var failures: [String: [Failure]] = [:]
        var domain: String?
        var hasDisk = false
        var hasSeed = false
        var isRunning = false
    }

    let state = NIOLockedValueBox(State())
    /// Called within a call, before it does anything.
    let entered: @Sendable (String) async -> Void

    init(failing failures: [String: [Failure]] = [:], entered: @escaping @Sendable (String) async -> Void = { _ in }) {
        self.entered = entered
        state.withLockedValue { $0.failures = failures }
    }

    var calls: [String] { state.withLockedValue { $0.calls } }

    /// True where nothing of a VM is there.
    var isEmpty: Bool { state.withLockedValue { $0.domain == nil && !$0.hasDisk && !$0.hasSeed && !$0.isRunning } }

    private func call(_ name: String, _ change: @Sendable (inout State) -> Void = { _ in }) async throws(Failure) {
        await entered(name)
        let failure = state.withLockedValue { state -> Failure? in
            state.calls.append(name)
            if let failure = state.failures[name]?.first {
                state.failures[name]?.removeFirst()
                return failure
            }
            change(&state)
            return nil
        }
        if let failure { throw failure }
    }

    func ensureNetwork(for vm: VirtualMachine) async throws(Failure) { try await call("network") }

    func ensureImage(_ image: ImageFile) async throws(Failure) { try await call("image") }

    func ensureDisk(of vm: VirtualMachine, over image: ImageFile) async throws(Failure) {
        try await call("disk") { $0.hasDisk = true }
    }

    func ensureSeed(_ content: [UInt8], of vm: VirtualMachine) async throws(Failure) {
        try await call("seed") { $0.hasSeed = true }
    }

    func ensureDefined(_ vm: VirtualMachine, over image: ImageFile) async throws(Failure) {
        try await call("domain") { $0.domain = vm.domainName }
    }

    func reserveAddress(of vm: VirtualMachine) async throws(Failure) -> GuestAddress? {
        try await call("address")
        return nil
    }

    func ensureRunning(_ vm: VirtualMachine) async throws(Failure) {
        try await call("start") { $0.isRunning = true }
    }

    func remove(_ vm: VirtualMachine) async throws(Failure) -> [String] {
        try await call("remove") { state in
            state.domain = nil
            state.hasDisk = false
            state.hasSeed = false
            state.isRunning = false
        }
        return []
    }

    func removeDisk(named name: String, olderThan age: Duration) async throws(Failure) -> Bool { false }

    func inventory() async throws(Failure) -> HypervisorInventory { throw Failure(.hypervisor, "not asked for") }

    func contents() async throws(Failure) -> PMContents { throw Failure(.hypervisor, "not asked for") }

    func watch(
        begun: () async -> Void,
        change: (DomainChange) async -> Void
    ) async throws(Failure) -> Bool { false }
}

extension FakeHypervisor: DriverSource {
    func hypervisor(of machine: PhysicalMachine) async throws(Failure) -> any Hypervisor { self }
}

/// A clock that goes on only by its own sleeps, and by hand.
final class TestClock: WorkerClock {
    private let time = NIOLockedValueBox(ContinuousClock.now)

    var now: ContinuousClock.Instant { time.withLockedValue { $0 } }

    func advance(by duration: Duration) { time.withLockedValue { $0 += duration } }

    func sleep(for duration: Duration) async throws {
        try Task.checkCancellation()
        advance(by: duration)
        await Task.yield()
    }
}
