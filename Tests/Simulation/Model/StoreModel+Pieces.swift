import Model

/// The pieces that several scripts share, by the names that they have there.
extension StoreModel {
    /// `touch`: the PM's next version; `grew` where it may have more room than before.
    mutating func touch(_ pm: PMID, grew: Bool) {
        touchClaims(pm, grew: grew)
        records[pm] = fleetVersion
    }

    /// `touch_claims`: the same where nothing changed but what VMs hold.
    mutating func touchClaims(_ pm: PMID, grew: Bool) {
        fleetVersion += 1
        fleet[pm] = fleetVersion
        if grew { roomVersion += 1 }
    }

    /// `look_soon`: has the PM looked at now, or again when the look under way has ended.
    mutating func lookSoon(_ pm: PMID) {
        guard let due = discovery[pm] else { return }
        if (machines[pm.value - 1].lookingUntil ?? 0) > now {
            update(pm) { $0.lookAgain = true }
        } else {
            discovery[pm] = min(due, now)
        }
    }

    /// `room`: what is free; nil where the PM takes no VMs.
    func room(_ pm: PMID) -> Resources? {
        let machine = machines[pm.value - 1].machine
        return machine.takesVMs ? machine.free : nil
    }

    /// `requeue`: puts an entry back to its place, which is by its job's number.
    mutating func requeue(_ entry: QueueEntry) {
        let younger = queue.firstIndex { ($0.entry?.job.value ?? 0) > entry.job.value }
        if let younger, !sabotage.contains(.comesBackLast) {
            queue.insert(.entry(entry), at: younger)
        } else {
            queue.append(.entry(entry))
        }
        notes.append(.cameBack(entry.job))
    }

    /// `wake_waiting`: brings the first job behind a VM's to the queue.
    mutating func wakeWaiting(_ vm: VMID) {
        guard !sabotage.contains(.nobodyIsWoken), let entry = waiting[vm]?.first?.entry else { return }
        waiting[vm]?.removeFirst()
        if waiting[vm]?.isEmpty == true { waiting[vm] = nil }
        update(entry.job) { $0.state = .queued }
        requeue(entry)
    }

    /// `free_room`: frees what the VM holds.
    mutating func freeRoom(_ vm: VMID) {
        guard let record = self[vm], let pm = record.pm, machines[pm.value - 1].vms.contains(vm) else { return }
        let isFreedTwice = sabotage.contains(.roomIsFreedTwice)
        update(pm) { machine in
            machine.vms.remove(vm)
            machine.machine.claimed -= record.needs
            machine.machine.vmCount -= 1
            if isFreedTwice { machine.machine.claimed -= record.needs }
        }
        touchClaims(pm, grew: true)
        lookSoon(pm)
    }

    /// `drop_vm`: frees what the VM holds and forgets it.
    mutating func drop(_ vm: VMID) {
        freeRoom(vm)
        vms[vm.value - 1] = nil
        wakeWaiting(vm)
    }

    /// `let_go`: takes a running job from its worker.
    mutating func letGo(_ job: JobRecord) {
        leases[job.id] = nil
        takeOff(job.entry, of: job.worker ?? "")
        update(job.id) { $0.epoch += 1 }
    }

    /// Takes an entry off a worker's processing list.
    mutating func takeOff(_ entry: QueueEntry, of worker: String) {
        guard let place = processing[worker]?.firstIndex(of: .entry(entry)) else { return }
        processing[worker]?.remove(at: place)
        if processing[worker]?.isEmpty == true { processing[worker] = nil }
    }

    /// `put_off`: takes up the job again after a time, or as soon as its PM is up again.
    mutating func putOff(_ job: JobID, _ pm: PMID?, by delay: Int) {
        update(job) { $0.state = .delayed }
        delayed[job] = now + delay
        delayedOn[pm, default: []].insert(job)
    }

    /// `take_up`: puts a job that was put off back to its place in the queue.
    mutating func takeUp(_ id: JobID) {
        delayed[id] = nil
        guard let job = self[id] else { return }
        delayedOn[job.pm]?.remove(id)
        if delayedOn[job.pm]?.isEmpty == true { delayedOn[job.pm] = nil }
        guard job.state == .delayed else { return }
        update(id) { $0.state = .queued }
        requeue(job.entry)
    }

    /// `end_job`: writes the outcome.
    mutating func end(_ id: JobID, _ state: Job.State, _ code: FailureCode?) {
        update(id) { job in
            job.state = state
            job.errorCode = code
        }
        if let job = self[id] { notes.append(.ended(id, job.vm, state)) }
    }

    /// `last_failure`: keeps why a try did not succeed.
    mutating func lastFailure(_ id: JobID, _ code: FailureCode) {
        update(id) { job in
            job.tries += 1
            job.lastCode = code
        }
    }

    /// `hand_back`: puts a running job back to its place in the queue.
    mutating func comeBack(_ job: JobRecord) {
        letGo(job)
        update(job.id) { $0.state = .queued }
        requeue(job.entry)
    }

    /// The numbers by their scores, as Redis has them: equal scores by the text of the member.
    func byScore<Entity>(_ set: [Identifier<Entity>: Int], upTo limit: Int) -> [Identifier<Entity>] {
        set.filter { $0.value <= limit }
            .sorted { ($0.value, $0.key.description) < ($1.value, $1.key.description) }
            .map(\.key)
    }
}
