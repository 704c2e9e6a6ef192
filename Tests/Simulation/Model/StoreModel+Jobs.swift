import Model

/// Whether a worker may take the next step of a job.
enum StepAnswer: Hashable, Sendable {
    case go(before: JobStep?)
    case closed
    case lost
}

/// A job's outcome.
enum JobOutcome: Hashable, Sendable {
    case done
    /// With the ms until the destroy that a create owes; nil where it has left nothing.
    case failed(FailureCode, owing: Int?, isMachineFault: Bool)
}

extension StoreModel {
    /// `renew`.
    mutating func renew(_ held: [HeldJob], for duration: Int) -> [JobID] {
        var lost: [JobID] = []
        for lease in held {
            if self.held(lease) != nil { leases[lease.job] = now + duration } else { lost.append(lease.job) }
        }
        return lost
    }

    /// `enter`.
    mutating func enter(_ step: JobStep, of lease: HeldJob, for duration: Int) -> StepAnswer {
        guard let job = held(lease) ?? (sabotage.contains(.enterAsksNoEpoch) ? self[lease.job] : nil) else {
            return .lost
        }
        if job.kind == .create, job.step == nil {
            guard let pm = job.pm, !machines[pm.value - 1].machine.isCordoned, machines[pm.value - 1].machine.isListed
            else { return .closed }
        }
        if job.step.map({ step > $0 }) ?? true {
            update(job.id) { job in
                job.step = step
                job.crashes = 0
            }
        }
        if !sabotage.contains(.enterKeepsNoLease) { leases[job.id] = now + duration }
        return .go(before: job.step)
    }

    /// `finish`.
    mutating func finish(_ lease: HeldJob, by worker: String, _ outcome: JobOutcome) -> Bool {
        guard let job = held(lease) ?? (sabotage.contains(.finishAsksNoEpoch) ? self[lease.job] : nil) else {
            return false
        }
        takeOff(job.entry, of: worker)
        leases[job.id] = nil
        switch outcome {
        case .done:
            if job.kind == .create { succeed(job) } else { drop(job.vm) }
            end(job.id, .done, nil)
        case .failed(let code, let owing, let isMachineFault):
            if job.kind == .destroy {
                keep(job.vm)
            } else if let owing, !sabotage.contains(.nothingIsOwed) {
                owe(job, in: owing)
            } else {
                drop(job.vm)
            }
            if isMachineFault, let pm = job.pm { blame(pm) }
            end(job.id, .failed, code)
        }
        return true
    }

    /// A destroy that failed: its VM is as it was before.
    private mutating func keep(_ vm: VMID) {
        update(vm) { vm in
            vm.state = vm.stateBefore ?? .running
            vm.job = nil
            vm.stateBefore = nil
            vm.destroyJob = nil
        }
        wakeWaiting(vm)
    }

    /// A create that is done: its VM runs, and its PM is well.
    private mutating func succeed(_ job: JobRecord) {
        update(job.vm) { vm in
            vm.state = .running
            vm.job = nil
            vm.stateBefore = nil
        }
        if let pm = job.pm, machines[pm.value - 1].machine.failures > 0 {
            update(pm) { record in
                record.machine.failures = 0
                record.failedAt = nil
            }
            touch(pm, grew: false)
        }
        wakeWaiting(job.vm)
    }

    /// A create that may have left something: a destroy is put off until its PM answers.
    private mutating func owe(_ job: JobRecord, in delay: Int) {
        let owed = newJob(.destroy, job.vm, needs: .zero).id
        update(owed) { record in
            record.pm = job.pm
            record.isOwed = true
        }
        update(job.vm) { vm in
            vm.state = .destroying
            vm.stateBefore = .error
            vm.job = owed
            vm.destroyJob = owed
        }
        putOff(owed, job.pm, by: delay)
    }
}
