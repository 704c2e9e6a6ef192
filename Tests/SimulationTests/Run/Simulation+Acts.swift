import Model
import TestKit

/// Something that a worker does on a PM, from its beginning to when it reaches the PM.
struct Act: Sendable {
    let process: SimulatedProcess
    /// What it is about; nil for an image.
    let vm: VirtualMachine?
    let pm: PMID
    let step: HostModel.Step
    /// The right to it at its beginning; nil for an image.
    let right: HeldJob?
    /// True where its caller waits for it no longer.
    let isAbandoned: Bool
}

extension Simulation {
    /// Begins an act on a PM; it lands there whatever becomes of the worker.
    func act(
        on pm: PMID,
        _ step: HostModel.Step,
        _ vm: VirtualMachine?,
        by process: SimulatedProcess,
        _ resume: @escaping (FailureCode?) -> Void
    ) {
        if step == .image, !areImagesUsable {
            timeline.add({ _ in resume(.imageUnusable) }, at: now + 1)
            return
        }
        let right = vm.flatMap { snapshot.job(of: $0.id, runBy: process.name) }
        if let vm, let job = right.flatMap({ snapshot.jobs[$0.job] }), job.kind == .create, poison[vm.id] == step,
            let index = workers.firstIndex(where: { $0.process === process })
        {
            return kill(index, restartAfter: random.number(100...5_000))
        }
        actCount += 1
        let isAbandoned = scenario.hazards.contains(.abandonedCalls) && !isCalm && random.chance(5)
        let act = Act(process: process, vm: vm, pm: pm, step: step, right: right, isAbandoned: isAbandoned)
        checkRight(act)
        if step == .remove, let vm, let job = right?.job, snapshot.jobs[job]?.kind == .destroy {
            ledger.removalBegan(vm.id)
        }
        let number = actCount
        acts[number] = act
        let isSlow = hosts[pm.value - 1].mood == .slow
        let time =
            scenario.strain != nil
            ? random.number(scenario.acts)
            : isSlow || random.chance(20) ? random.number(300...2_000) : random.number(2...300)
        timeline.add({ $0.land(number, resume) }, at: now + (isAbandoned ? random.number(500...30_000) : time))
        if isAbandoned { timeline.add({ _ in resume(.deadline) }, at: now + time) }
        if scenario.strain == nil, random.chance(3), let index = workers.firstIndex(where: { $0.process === process }) {
            freeze(index, isLong: true)
        }
    }

    /// I6: whoever acts on a VM has the right to it, from the beginning of the act to its end.
    private func checkRight(_ act: Act) {
        guard let vm = act.vm, !act.isAbandoned else { return }
        guard let right = act.right, snapshot.isHeld(right) else {
            let text =
                act.right.map { "job \($0.job) under epoch \($0.epoch), which is over" } ?? "no job that it holds"
            return ledger.violate(
                .i6,
                "\(act.process.name) does \(act.step) for VM \(vm.id) on PM \(act.pm) for \(text)"
            )
        }
    }

    /// An act reaches its PM.
    private func land(_ number: Int, _ resume: @escaping (FailureCode?) -> Void) {
        guard let act = acts.removeValue(forKey: number) else { return }
        isDirty = true
        checkRight(act)
        let host = act.pm.value - 1
        let failure: FailureCode?
        switch hosts[host].mood {
        case .away: failure = .machineUnreachable
        case .full where act.step == .disk: failure = .storageFull
        case .failing where random.chance(50), .well where !isCalm && scenario.strain == nil && random.chance(6):
            failure = hosts[host].take(act.step, for: act.vm, misfortune())
        default: failure = hosts[host].take(act.step, for: act.vm, .succeeds)
        }
        let job = act.right.map { " for job \($0.job) e\($0.epoch)" } ?? ""
        note("PM \(act.pm): \(act.step) of VM \(act.vm?.id.description ?? "-")\(job): \(failure?.rawValue ?? "ok")")
        guard !act.isAbandoned else { return }
        timeline.add({ _ in resume(failure) }, at: now + min(delay(), Scenario.longestAct / 5))
    }

    /// What a PM says of itself when it comes to it; nil where it does not answer.
    func answer<Value>(of pm: PMID, _ value: KeyPath<HostModel, Value?>, _ resume: @escaping (Value?) -> Void) {
        let isSlow = hosts[pm.value - 1].mood == .slow
        let time = random.number(isSlow ? 1_000...8_000 : 20...1_000)
        timeline.add({ simulation in resume(simulation.hosts[pm.value - 1][keyPath: value]) }, at: now + time)
    }

    private func misfortune() -> HostModel.Fate {
        let code = random.pick([FailureCode.hypervisor, .deadline, .machineUnreachable]) ?? .hypervisor
        return random.pick([.failsBefore(code), .failsAfter(code), .failsHalfway(code)]) ?? .failsBefore(code)
    }
}
