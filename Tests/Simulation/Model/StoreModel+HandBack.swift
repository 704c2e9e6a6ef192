import Model

extension StoreModel {
    /// `hand-back`.
    mutating func handBack(_ lease: HeldJob) -> Bool {
        guard let job = held(lease) else { return false }
        comeBack(job)
        return true
    }

    /// `postpone`.
    mutating func postpone(_ lease: HeldJob, by delay: Int, because code: FailureCode) -> Bool {
        guard let job = held(lease) else { return false }
        letGo(job)
        lastFailure(job.id, code)
        putOff(job.id, job.pm, by: delay)
        return true
    }

    /// `move-on`; of a create that has a PM.
    mutating func moveOn(_ lease: HeldJob, because code: FailureCode, isMachineFault: Bool) -> Bool {
        guard let job = held(lease), let pm = job.pm else { return false }
        letGo(job)
        lastFailure(job.id, code)
        let tried = job.tried + [pm]
        let entry = QueueEntry(
            job: job.id,
            kind: job.kind,
            vm: job.vm,
            needs: job.entry.needs,
            image: job.entry.image,
            tried: tried
        )
        update(job.id) { job in
            job.state = .queued
            job.pm = nil
            job.tried = tried
            job.entry = entry
            job.step = nil
        }
        if !sabotage.contains(.moveOnKeepsRoom) { freeRoom(job.vm) }
        update(job.vm) { vm in
            vm.state = .queued
            vm.pm = nil
            vm.stateBefore = nil
        }
        if isMachineFault { blame(pm) }
        requeue(entry)
        return true
    }
}
