import Bootstrap
import Model
import NIOConcurrencyHelpers
import Store
import Testing

@testable import Worker

@Suite("The runner")
struct RunnerTests {
    /// What a create calls, by its steps.
    private static let calls = [["network", "image"], ["disk"], ["seed"], ["domain"], ["address"], ["start"]]
    private static let steps = Operation.create.steps.map(\.name)

    @Test(
        "A create takes its steps in order, each begun before its call and ended after it, with one call of the store a step"
    )
    func create() async throws {
        let fixture = try RunnerFixture()
        try await fixture.run()
        #expect(fixture.hypervisor.calls == Self.calls.flatMap(\.self))
        #expect(fixture.log == ["image+", "disk+", "seed+", "domain+", "address+", "start+"])
        #expect(fixture.store[\.exit] == .done)
        #expect(fixture.store[\.calls] == Self.steps.count + 1, "the end of a step is written by the next call")
        for (_, step) in fixture.store[\.steps] { #expect(step.epoch == 1 && step.pm == PMID(1)) }
    }

    @Test("The claim of a new job is the fence before its first step, unless it is old")
    func firstStep() async throws {
        for (age, calls) in [(Duration.seconds(1), Self.steps.count), (.seconds(10), Self.steps.count + 1)] {
            let fixture = try RunnerFixture()
            let asked = fixture.clock.now
            fixture.clock.advance(by: age)
            try await fixture.run(since: asked)
            #expect(fixture.hypervisor.calls == Self.calls.flatMap(\.self))
            #expect(fixture.log == ["image+", "disk+", "seed+", "domain+", "address+", "start+"])
            #expect(fixture.store[\.calls] == calls)
        }
    }

    @Test("A first step that fails leaves nothing, though it began with the claim")
    func firstStepFails() async throws {
        let fixture = try RunnerFixture(failing: ["image": [Failure(.hypervisor, "no")]])
        try await fixture.run(since: fixture.clock.now)
        #expect(fixture.store[\.exit] == .rescheduled(.hypervisor))
        #expect(fixture.log == ["image"])
    }

    @Test(
        "A step that fails is undone with those before it, the last one first; then the policy decides",
        arguments: 0..<5
    )
    func failure(index: Int) async throws {
        for code in [FailureCode.imageTooLarge, .hypervisor] {
            let name = Self.calls[index].last ?? ""
            let fixture = try RunnerFixture(failing: [name: [Failure(code, "no")]])
            try await fixture.run()
            #expect(fixture.hypervisor.isEmpty)
            let undone = Self.steps[1...].prefix(index).map { $0 + "-" }
            #expect(fixture.log == [index == 0 ? "image" : "image+"] + undone)
            let rescheduled = FakeJobStore.Exit.rescheduled(code)
            let failed = FakeJobStore.Exit.failed(code, hasCleanup: false, penalizesPM: false)
            #expect(fixture.store[\.exit] == (code == .hypervisor ? rescheduled : failed))
            #expect(fixture.hypervisor.calls.filter { $0 == "remove" }.count == (index == 0 ? 0 : 1))
            let last = fixture.store[\.steps].max { $0.key < $1.key }?.value
            #expect(last?.detail == "\(code.rawValue): no")
        }
    }

    @Test("What cannot be undone is tried again on the same PM, from the first step without an end")
    func undoFails() async throws {
        let away = Failure(.machineUnreachable, "away")
        let fixture = try RunnerFixture(failing: ["domain": [away], "remove": [away]])
        try await fixture.run()
        #expect(fixture.store[\.exit] == .postponed(.machineUnreachable))
        #expect(fixture.log == ["image+", "disk", "seed", "domain"])
        fixture.takeOver()
        try await fixture.run()
        #expect(fixture.store[\.exit] == .done)
        #expect(
            fixture.hypervisor.calls == [
                "network", "image", "disk", "seed", "domain", "remove", "disk", "seed", "domain", "address",
                "start",
            ]
        )
        #expect(fixture.log == ["image+", "disk+", "seed+", "domain+", "address+", "start+"])
    }

    @Test("A create whose leftovers cannot be removed fails at last, and is cleaned up by a job of its own")
    func cleanup() async throws {
        var state = try RunnerFixture.state()
        state.tries = 4
        let away = Failure(.machineUnreachable, "away")
        let fixture = try RunnerFixture(state: state, failing: ["start": [away], "remove": [away]])
        try await fixture.run()
        #expect(
            fixture.store[\.exit] == .failed(.machineUnreachable, hasCleanup: true, penalizesPM: true)
        )
    }

    @Test("Whoever takes up a job goes on where it stands, and repeats no step that has an end", arguments: 0..<5)
    func resume(index: Int) async throws {
        let fixture = try RunnerFixture()
        let name = Self.steps[index]
        // The first worker dies within the step: what it wrote is all that its heir knows.
        fixture.store.state.withLockedValue { state in
            guard let pm = state.status?.pm else { return }
            var log = StepLog([:], on: pm, epoch: 1)
            for step in Operation.create.steps.prefix(index + 1) {
                log.take([log.begin(step)], at: "1")
                if step.name != name { log.take([log.end(step, detail: nil)].compactMap(\.self), at: "2") }
            }
            state.steps = log.records
        }
        fixture.takeOver()
        try await fixture.run()
        #expect(fixture.hypervisor.calls == Self.calls.dropFirst(index).flatMap(\.self))
        #expect(fixture.store[\.exit] == .done)
        #expect(fixture.log == ["image+", "disk+", "seed+", "domain+", "address+", "start+"])
    }

    @Test("A worker that lost its job does nothing more on the PM, and leaves everything as it is", arguments: 0..<5)
    func lost(index: Int) async throws {
        let name = Self.steps[index]
        let box = NIOLockedValueBox<FakeJobStore?>(nil)
        let fixture = try RunnerFixture(entered: { call in
            // Another worker takes the job up while the step before is under way.
            if call == Self.calls[index].last { box.withLockedValue { $0 }?.state.withLockedValue { $0.epoch += 1 } }
        })
        box.withLockedValue { $0 = fixture.store }
        try await fixture.run()
        #expect(fixture.hypervisor.calls == Self.calls.prefix(index + 1).flatMap(\.self), "\(name)")
        #expect(fixture.store[\.exit] == nil)
        #expect(fixture.log.last == name, "its end is not written by the worker that lost it")
    }

    @Test("A worker that was frozen between the permit and the action asks again before it acts")
    func frozen() async throws {
        let box = NIOLockedValueBox<RunnerFixture?>(nil)
        let passes = NIOLockedValueBox(0)
        let fixture = try RunnerFixture(began: { name in
            guard name == "disk", let fixture = box.withLockedValue({ $0 }) else { return }
            let pass = passes.withLockedValue { passes in
                passes += 1
                return passes
            }
            guard pass == 1 else { return }
            fixture.clock.advance(by: .seconds(60))
            fixture.store.state.withLockedValue { $0.epoch += 1 }
        })
        box.withLockedValue { $0 = fixture }
        try await fixture.run()
        #expect(fixture.hypervisor.calls == ["network", "image"])
        #expect(fixture.store[\.exit] == nil)
    }

    @Test("A PM that was closed before anything was made there is left for another one, without a penalty")
    func closed() async throws {
        var state = try RunnerFixture.state()
        state.permits = [.closed]
        let fixture = try RunnerFixture(state: state)
        try await fixture.run()
        #expect(fixture.hypervisor.calls.isEmpty)
        #expect(fixture.store[\.exit] == .rescheduled(.machineClosed))
    }

    @Test(
        "A job that was cancelled takes no further step; those that it took are undone, and it ends",
        arguments: 0..<5
    )
    func cancelled(after steps: Int) async throws {
        var state = try RunnerFixture.state()
        state.permits = Array(repeating: .go(at: "then"), count: steps) + [.cancelled]
        let fixture = try RunnerFixture(state: state)
        try await fixture.run()
        #expect(fixture.hypervisor.calls == Self.calls.prefix(steps).flatMap(\.self) + (steps > 1 ? ["remove"] : []))
        #expect(fixture.hypervisor.isEmpty)
        #expect(fixture.store[\.exit] == .failed(.cancelled, hasCleanup: false, penalizesPM: false))
    }

    @Test("A job that is stopped goes back to the queue as it is; nothing is undone")
    func stopped() async throws {
        let fixture = try RunnerFixture(
            failing: ["disk": [Failure(.deadline, "stopped")]],
            entered: { call in if call == "disk" { withUnsafeCurrentTask { $0?.cancel() } } }
        )
        try await fixture.run()
        #expect(fixture.store[\.exit] == .requeued)
        #expect(fixture.hypervisor.calls == ["network", "image", "disk"])
        #expect(fixture.log == ["image+", "disk"])
    }

    @Test("An outcome is written again while Redis is away, and given up when the lease must be over")
    func outage() async throws {
        let away = Failure(.storeUnavailable, "away")
        let fixture = try RunnerFixture(.hold)
        fixture.store.state.withLockedValue { $0.outages = Array(repeating: away, count: 5) }
        try await fixture.run()
        #expect(fixture.store[\.exit] == .done)
        let other = try RunnerFixture(.hold)
        other.store.state.withLockedValue { $0.outages = Array(repeating: away, count: 1000) }
        try await other.run()
        #expect(other.store[\.exit] == nil)
        #expect(other.store[\.outages].count > 900)
    }

    @Test("A VM that has no record or no place has nothing anywhere: its job is done", arguments: Operation.all)
    func nothingThere(operation: Operation) async throws {
        var state = try RunnerFixture.state()
        if let status = state.status { state.status = VMStatus(vm: status.vm, state: .queued, pm: nil) }
        for status in [nil, state.status] {
            state.status = status
            let fixture = try RunnerFixture(operation.kind, state: state)
            try await fixture.run()
            #expect(fixture.hypervisor.calls.isEmpty)
        }
    }

    @Test("Every action that an operation names has a call of the driver")
    func actions() {
        for step in Operation.all.flatMap(\.steps) {
            for action in [step.action, step.undo].compactMap(\.self) {
                #expect(StepActions.shipped[action] != nil, "\(action.rawValue)")
            }
        }
    }

    @Test("A start leaves a VM alone that another PM has a domain of")
    func startElsewhere() async throws {
        var state = try RunnerFixture.state()
        if let status = state.status {
            state.status = VMStatus(vm: status.vm, state: .stopped, pm: status.pm, observedElsewhere: PMID(2))
        }
        let fixture = try RunnerFixture(.start, state: state)
        try await fixture.run()
        #expect(fixture.hypervisor.calls.isEmpty)
        #expect(fixture.store[\.exit] == .failed(.hypervisor, hasCleanup: false, penalizesPM: false))
    }
}
