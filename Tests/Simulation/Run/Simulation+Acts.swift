import Model

/// An act on a PM that was begun and has not reached it yet.
struct Landing: Sendable {
    let number: Int
    let worker: Int
    let incarnation: Int
    let run: Int
    let lease: HeldJob
    let vm: VMID
    let pm: PMID
    let step: JobStep
    /// Why it takes away what a create made; nil for a step of the job itself.
    let cause: FailureCode?
    /// True where its caller waits for it no longer.
    let isAbandoned: Bool
}

extension Simulation {
    /// Begins an act on the job's PM; it lands there whatever becomes of the worker.
    func act(_ index: Int, _ number: Int, _ run: JobRun, _ step: JobStep, cause: FailureCode?) {
        guard let pm = run.pm else { return }
        actCount += 1
        let isAbandoned = scenario.hazards.contains(.abandonedCalls) && !isCalm && random.chance(5)
        let landing = Landing(
            number: actCount,
            worker: index,
            incarnation: workers[index].incarnation,
            run: number,
            lease: run.lease,
            vm: run.entry.vm,
            pm: pm,
            step: step,
            cause: cause,
            isAbandoned: isAbandoned
        )
        checkRight(landing)
        if step == .remove, run.entry.kind == .destroy { ledger.removalBegan(landing.vm) }
        acts[landing.number] = landing
        let isSlow = hosts[pm.value - 1].mood == .slow
        let time = isSlow || random.chance(20) ? random.number(300...2_000) : random.number(2...300)
        timeline.add(.landing(landing), at: now + (isAbandoned ? random.number(500...30_000) : time))
        if isAbandoned { tell(index, .run(number, reply(landing, .deadline)), after: time) }
        if random.chance(3) { freeze(index, isLong: true) }
    }

    /// I6: whoever acts on a VM has the right to it, from the beginning of the act to its end.
    private func checkRight(_ landing: Landing) {
        if store.held(landing.lease) == nil, !landing.isAbandoned {
            let (job, epoch) = (landing.lease.job, landing.lease.epoch)
            ledger.violate(.i6, "job \(job) acts on VM \(landing.vm) under epoch \(epoch), which is over")
        }
    }

    /// An act reaches its PM.
    func land(_ landing: Landing) {
        acts[landing.number] = nil
        isDirty = true
        checkRight(landing)
        let host = landing.pm.value - 1
        let failure: FailureCode?
        switch hosts[host].mood {
        case .away: failure = .machineUnreachable
        case .full where landing.step == .disk: failure = .storageFull
        case .failing where random.chance(50), .well where !isCalm && random.chance(6):
            failure = hosts[host].take(landing.step, for: landing.vm, misfortune())
        default: failure = hosts[host].take(landing.step, for: landing.vm, .succeeds)
        }
        let what = landing.cause == nil ? "\(landing.step)" : "undo"
        note(
            "PM \(landing.pm): \(what) of VM \(landing.vm) for job \(landing.lease.job) e\(landing.lease.epoch): "
                + (failure?.rawValue ?? "ok")
        )
        guard !landing.isAbandoned else { return }
        let event = WorkerEvent.run(landing.run, reply(landing, failure))
        let delay = min(delay(), Scenario.longestAct / 5)
        timeline.add(.worker(landing.worker, incarnation: landing.incarnation, event), at: now + delay)
    }

    private func reply(_ landing: Landing, _ failure: FailureCode?) -> RunEvent {
        if let cause = landing.cause { .undone(failure, after: cause) } else { .acted(landing.step, failure) }
    }

    private func misfortune() -> HostModel.Fate {
        let code = random.pick([FailureCode.hypervisor, .deadline, .machineUnreachable]) ?? .hypervisor
        return random.pick([.failsBefore(code), .failsAfter(code), .failsHalfway(code)]) ?? .failsBefore(code)
    }
}
