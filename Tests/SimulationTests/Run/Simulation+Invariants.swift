import Model

extension Simulation {
    // MARK: - History

    /// Takes in what became of a job by the script that ran last.
    func takeIn(_ change: Snapshot.Change) {
        let (job, before, after) = (change.job, change.before, change.after)
        if after.state == .running, before?.state != .running || before?.epoch != after.epoch {
            ledger.started(HeldJob(job: job, epoch: after.epoch))
            checkTurn(job, after)
            checkIsOldest(job, after.kind)
        }
        if isPlacing(after.kind), before?.state == .queued, let pm = after.pm,
            after.state == .running || after.state == .done
        {
            ledger.decided(job)
            // One that builds a hold, or came back, has its place already.
            if change.pmBefore != pm {
                placed[pm, default: .zero] += after.needs
                checkPlace(job, pm)
                checkWaitsLess(job, after)
            } else if before?.epoch == 0, after.batch == nil {
                ledger.count(.built)
            }
        }
        if after.state == .delayed, before?.state == .queued { ledger.deferred(job) }
        if after.state.isFinal, before?.state.isFinal != true {
            ledger.ended(after.kind, after.vm, after.state, isThere: snapshot.vms[after.vm] != nil)
            if after.state == .failed, before?.state == .queued, isPlacing(after.kind) {
                ledger.decided(job)
                ledger.count(.refused)
                if !isOfAtomicBatch(after) { checkRefusal(job, after) }
                checkIsOldest(job, after.kind)
            }
        }
        if let before {
            count(before.state, after)
        } else if after.kind == .destroy, !after.isAskedFor {
            ledger.count(.cleanedUp)
        }
    }

    private func count(_ before: Job.State, _ after: Snapshot.JobView) {
        if before == .delayed, after.state == .queued, redis.lastScript == "wake_room" { ledger.count(.woken) }
        guard before == .running, after.state != .running else { return }
        switch (redis.lastScript, after.state) {
        case ("sweep", .dead): ledger.count(.givenUp)
        case ("sweep", _): ledger.count(.recovered)
        case (_, .delayed): ledger.count(.postponed)
        case (_, .failed): ledger.count(.failed)
        case (_, .queued) where after.pm == nil: ledger.count(.rescheduled)
        case (_, .queued): ledger.count(.requeued)
        default: break
        }
    }

    /// I1: a create goes where there is room, and where VMs are taken.
    func checkPlace(_ job: JobID, _ pm: PMID) {
        guard let machine = snapshot.pms[pm], machine.takesVMs, let measure = machine.measure else {
            return ledger.violate(.i1, "create \(job) was placed on PM \(pm), which takes no VMs")
        }
        let promised = machine.listing.overcommit.applied(to: measure.capacity) - measure.foreign
        if !machine.claimed.fits(in: promised) || !(machine.claimed - measure.claimed).fits(in: measure.available) {
            ledger.violate(.i1, "create \(job) was placed on PM \(pm), which has no room for it")
        }
    }

    /// Whether jobs of a kind give their VMs a place.
    private func isPlacing(_ kind: Job.Kind) -> Bool { operations[kind]?.claim == .place }

    /// I5: what takes capacity is the oldest on the queue when it is taken.
    private func checkIsOldest(_ job: JobID, _ kind: Job.Kind) {
        guard operations[kind]?.claim.takesCapacity ?? true else { return }
        for (queue, jobs) in snapshot.queues where !queue.hasSuffix(":direct") {
            guard let other = jobs.first(where: { isOlder($0, than: job) }) else { continue }
            ledger.violate(.i5, "job \(job) was taken before job \(other), which is older")
        }
    }

    private func isOlder(_ number: Int, than job: JobID) -> Bool {
        number < job.value && JobID(number).map { !cameBack.contains($0) } ?? false
    }

    /// I5: a create is refused only while no PM takes it: by what was claimed before the script, and by the older jobs that it
    /// placed; what the script freed after that comes too late.
    private func checkRefusal(_ job: JobID, _ record: Snapshot.JobView) {
        let others = snapshot.pms.values.filter { record.pinnedTo == nil || $0.id == record.pinnedTo }
        for var machine in others where !record.triedPMs.contains(machine.id) {
            let then = (snapshot.claimedBefore[machine.id] ?? .zero) + (placed[machine.id] ?? .zero)
            machine.claimed = machine.claimed.combined(with: then, by: max)
            if machine.takesVMs, record.needs.fits(in: machine.headroom) {
                ledger.violate(.i5, "create \(job) was refused though PM \(machine.id) has room for it")
            }
        }
    }

    /// I6: whose turn it is; one that has begun once goes on before those that were deferred meanwhile.
    private func checkTurn(_ job: JobID, _ record: Snapshot.JobView) {
        for (id, other) in snapshot.jobs where other.vm == record.vm && id != job {
            if other.state == .running {
                ledger.violate(.i6, "job \(job) of VM \(record.vm) began while job \(id) was under way")
            } else if record.epoch == 1, id < job, !other.state.isFinal,
                other.state != .delayed || isPlacing(other.kind), record.isAskedFor,
                other.kind != .start || other.isAskedFor
            {
                let older = "\(id), a \(other.kind.rawValue) that is older and \(other.state.rawValue)"
                ledger.violate(.i6, "job \(job) of VM \(record.vm) began before job \(older)")
            }
        }
    }

    // MARK: - What must hold at any moment

    func check() {
        checkClaims()
        checkProjects()
        checkPlacesOfJobs()
        checkBatches()
        checkHosts()
        checkAcknowledged()
    }

    /// I1.
    private func checkClaims() {
        var needs: [PMID: (sum: Resources, vms: Set<String>)] = [:]
        for (id, vm) in snapshot.vms {
            guard let pm = vm.pm else { continue }
            needs[pm, default: (.zero, [])].sum += vm.needs
            needs[pm, default: (.zero, [])].vms.insert(id.description)
        }
        for (pm, machine) in snapshot.pms {
            let (sum, vms) = needs[pm] ?? (.zero, [])
            let claims = Set((snapshot.claims[pm] ?? [:]).keys.compactMap { $0.vm?.description })
            let ofJobs = (snapshot.claims[pm] ?? [:]).filter { $0.key.vm == nil }
            checkJobClaims(Set(ofJobs.compactMap(\.key.job)), on: pm)
            if machine.claimed != sum + ofJobs.values.reduce(.zero, +) || machine.vmCount != vms.count || claims != vms
            {
                ledger.violate(
                    .i1,
                    "PM \(pm) says \(machine.claimed) of \(machine.vmCount) VMs, on it claim \(claims.sorted()), and its "
                        + "VMs \(vms.sorted()) need \(sum)"
                )
            }
            let promised = machine.listing.overcommit.applied(to: hosts[pm.value - 1].capacity)
            if !machine.claimed.fits(in: promised) {
                ledger.violate(.i1, "PM \(pm) claims \(machine.claimed) of \(promised)")
            }
        }
    }

    /// I1: a project counts what its VMs need, and what resizes are to add.
    private func checkProjects() {
        var right: [String: ProjectUsage] = [:]
        for vm in snapshot.vms.values {
            right[vm.project, default: .zero].vms += 1
            right[vm.project, default: .zero].needs += vm.needs
        }
        for job in snapshot.jobs.values where !job.state.isFinal {
            right[job.project, default: .zero].needs += job.reserved
        }
        for project in Set(right.keys).union(snapshot.projects.keys).sorted() {
            let (known, right) = (snapshot.projects[project] ?? .zero, right[project] ?? .zero)
            if known != right { ledger.violate(.i1, "project \(project) counts \(known), and right is \(right)") }
        }
    }

    /// I4: a job that is under way, and no other, holds the claim that its record names.
    private func checkJobClaims(_ claimants: Set<JobID>, on pm: PMID) {
        let right = Set(snapshot.jobs.filter { $0.value.claimPM == pm && !$0.value.state.isFinal }.keys)
        if claimants != right {
            ledger.violate(.i4, "on PM \(pm) claim jobs \(claimants.sorted()), and right are \(right.sorted())")
        }
    }

    /// I3: each job is in the place that its state says, and in no other; I5: a queue is ordered.
    private func checkPlacesOfJobs() {
        var (queued, held, waiting): ([Int: Int], [Int: Int], [Int: Int]) = ([:], [:], [:])
        for (name, queue) in snapshot.queues {
            var last = 0
            for job in queue where job > 0 {
                queued[job, default: 0] += 1
                if job <= last, !name.hasSuffix(":direct") {
                    ledger.violate(.i5, "job \(job) stands behind job \(last) on the queue")
                }
                last = job
            }
        }
        for job in snapshot.processing.values.joined() { held[job, default: 0] += 1 }
        for job in snapshot.waiting.values.joined() { waiting[job, default: 0] += 1 }
        for (id, job) in snapshot.jobs {
            let places = (queued[id.value] ?? 0, held[id.value] ?? 0, waiting[id.value] ?? 0)
            let isDelayed = snapshot.delayed.contains(id)
            let isRight =
                places.0 == (job.state == .queued ? 1 : 0) && places.1 == (job.state == .running ? 1 : 0)
                && places.2 == (job.state == .waiting ? 1 : 0) && isDelayed == (job.state == .delayed)
            if !isRight {
                ledger.violate(
                    .i3,
                    "job \(id) is \(job.state.rawValue) and \(places.0) times on the queue, \(places.1) times held, "
                        + "\(places.2) times waiting\(isDelayed ? ", delayed" : "")"
                )
            }
            let hasLease = snapshot.leases[id] != nil
            if hasLease != (job.state == .running), !ledger.tampered.contains(id) {
                ledger.violate(.i3, "job \(id) is \(job.state.rawValue) \(hasLease ? "with" : "without") a lease")
            }
        }
        if snapshot.delayedOn.values.joined().count + snapshot.waitingForRoom.count != snapshot.delayed.count {
            ledger.violate(.i4, "jobs are delayed for a PM, and not delayed")
        }
        for (list, jobs) in snapshot.waiting where !jobs.isEmpty { checkIsAwaited(list) }
    }

    /// I3: what waits, waits for something.
    private func checkIsAwaited(_ list: String) {
        let vm = list.split(separator: ":").dropFirst(2).first.flatMap { VMID(String($0)) }
        let isAwaited = snapshot.jobs.values.contains { $0.vm == vm && !$0.state.isFinal && $0.state != .waiting }
        if !isAwaited { ledger.violate(.i3, "jobs of \(list) wait for nothing") }
    }

    /// I2 and I4: what stands on a PM belongs to a VM that is there by its record.
    private func checkHosts() {
        for host in hosts where !host.isEmpty {
            for vm in host.domains.keys.sorted() where snapshot.vms[vm]?.pm != host.pm {
                ledger.violate(.i2, "PM \(host.pm) has a domain of VM \(vm), which is \(place(of: vm))")
            }
            for vm in host.disks.sorted() where snapshot.vms[vm]?.pm != host.pm {
                ledger.violate(.i4, "PM \(host.pm) has a disk of VM \(vm), which is \(place(of: vm))")
            }
        }
    }

    private func place(of vm: VMID) -> String {
        snapshot.vms[vm].map { "on PM \($0.pm?.description ?? "-")" } ?? "gone"
    }

    /// I7.
    private func checkAcknowledged() {
        for vm in ledger.running.sorted() {
            guard let pm = snapshot.vms[vm]?.pm, hosts[pm.value - 1].domains[vm]?.isRunning == true else {
                ledger.violate(.i7, "VM \(vm) was said to run, and does not")
                continue
            }
        }
        for vm in ledger.gone.sorted() where snapshot.vms[vm] != nil {
            ledger.violate(.i7, "VM \(vm) was said to be gone, and is not")
        }
    }

    // MARK: - What must hold at the end

    /// Whether a VM may stay in a state: without a domain only where a destroy that failed in the end has taken it.
    private func mayLast(_ state: VMState, _ vm: VMID) -> Bool {
        [.running, .stopped, .error].contains(state) || state == .missing && ledger.touched.contains(vm)
    }

    /// Everything has come to its end, and nothing is left over.
    func checkEnd() {
        guard ledger.violation == nil else { return }
        for (id, job) in snapshot.jobs.sorted(by: { $0.key < $1.key }) where !job.state.isFinal {
            ledger.violate(.i3, "job \(id) of VM \(job.vm) is still \(job.state.rawValue) at the end")
        }
        for (id, vm) in snapshot.vms.sorted(by: { $0.key < $1.key }) where !mayLast(vm.state, id) {
            ledger.violate(.i7, "VM \(id) is \(vm.state.rawValue) at the end")
        }
        let lists = [snapshot.queues, snapshot.processing, snapshot.waiting].flatMap(\.values).joined()
        if !lists.isEmpty || !snapshot.delayed.isEmpty { ledger.violate(.i3, "something is left on a list at the end") }
        let dead = snapshot.jobs.filter { $0.value.state == .dead }.map(\.key.value).sorted()
        if snapshot.dead.filter({ $0 > 0 }).sorted() != dead {
            ledger.violate(.i3, "on the dead list are others than \(dead)")
        }
    }
}
