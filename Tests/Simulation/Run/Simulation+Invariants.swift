import Model

extension Simulation {
    /// Takes in what the scripts did in this step, then checks every invariant.
    func check() -> Violation? {
        let notes = store.notes
        store.notes = []
        for note in notes { takeIn(note) }
        if !notes.isEmpty { wakeIdle() }
        checkClaims()
        checkPlacesOfJobs()
        checkHosts()
        checkAcknowledged()
        return ledger.violation
    }

    // MARK: - History

    private func takeIn(_ note: Note) {
        switch note {
        case .accepted, .cameBack: break
        case .placed(let job, _, let pm):
            ledger.decided(job)
            checkPlace(job, pm)
        case .refused(let job):
            ledger.decided(job)
            ledger.count(.refused)
            checkRefusal(job)
            checkIsOldest(job)
        case .started(let lease, let vm, _):
            ledger.started(lease)
            checkTurn(lease.job, vm)
            checkIsOldest(lease.job)
        case .ended(let job, let vm, let state):
            if let record = store[job] { ledger.ended(record.kind, vm, state) }
        }
    }

    /// I1: a create goes where there is room, and where VMs are taken.
    private func checkPlace(_ job: JobID, _ pm: PMID) {
        let machine = store.machines[pm.value - 1].machine
        guard machine.takesVMs, let measure = machine.measure else {
            return ledger.violate(.i1, "create \(job) was placed on PM \(pm), which takes no VMs")
        }
        let promised = machine.listing.overcommit.applied(to: measure.capacity) - measure.foreign
        if !machine.claimed.fits(in: promised) || !(machine.claimed - measure.claimed).fits(in: measure.available) {
            ledger.violate(.i1, "create \(job) was placed on PM \(pm), which has no room for it")
        }
    }

    /// I5: what is taken off the queue is the oldest there.
    private func checkIsOldest(_ job: JobID) {
        for case let other? in store.queue.map(\.entry?.job) where other < job {
            ledger.violate(.i5, "job \(job) was taken before job \(other), which is older")
        }
    }

    /// I5: a create is refused only while no PM takes it.
    private func checkRefusal(_ job: JobID) {
        guard let record = store[job] else { return }
        let tried = Set(record.tried)
        for machine in store.machines.map(\.machine) where !tried.contains(machine.id) {
            if machine.takesVMs, record.entry.needs.fits(in: machine.free) {
                ledger.violate(.i5, "create \(job) was refused though PM \(machine.id) has room for it")
            }
        }
    }

    /// I6: whose turn it is.
    private func checkTurn(_ job: JobID, _ vm: VMID) {
        for other in store.jobs where other.vm == vm && other.id != job {
            if other.state == .running {
                ledger.violate(.i6, "job \(job) of VM \(vm) began while job \(other.id) was under way")
            } else if other.id < job, !other.state.isFinal, !(store[job]?.isOwed ?? false) {
                ledger.violate(.i6, "job \(job) of VM \(vm) began before job \(other.id), which is older")
            }
        }
    }

    // MARK: - What must hold at any moment

    /// I1.
    private func checkClaims() {
        var claims = Array(repeating: Resources.zero, count: store.machines.count)
        var counts = Array(repeating: 0, count: store.machines.count)
        for case let vm? in store.vms {
            guard let pm = vm.pm else { continue }
            claims[pm.value - 1] += vm.needs
            counts[pm.value - 1] += 1
            if !store.machines[pm.value - 1].vms.contains(vm.id) {
                ledger.violate(.i1, "VM \(vm.id) is on PM \(pm), which does not list it")
            }
        }
        for (index, record) in store.machines.enumerated() {
            let machine = record.machine
            if machine.claimed != claims[index] || machine.vmCount != counts[index] || record.vms.count != counts[index]
            {
                ledger.violate(.i1, "PM \(machine.id) claims \(machine.claimed) and its VMs need \(claims[index])")
            }
            let promised = machine.listing.overcommit.applied(to: hosts[index].capacity)
            if !machine.claimed.fits(in: promised) {
                ledger.violate(.i1, "PM \(machine.id) claims \(machine.claimed) of \(promised)")
            }
        }
    }

    /// I3: each job is in the place that its state says, and in no other; I5: the queue is ordered.
    private func checkPlacesOfJobs() {
        let count = store.jobs.count + 1
        var queued = Array(repeating: 0, count: count)
        var held = queued
        var waiting = queued
        var last = 0
        for line in store.queue {
            guard let job = line.entry?.job.value else { continue }
            queued[job] += 1
            if job <= last { ledger.violate(.i5, "job \(job) stands behind job \(last) on the queue") }
            last = job
        }
        for lines in store.processing.values {
            for line in lines { held[line.entry?.job.value ?? 0] += 1 }
        }
        for lines in store.waiting.values {
            for line in lines { waiting[line.entry?.job.value ?? 0] += 1 }
        }
        for job in store.jobs {
            let number = job.id.value
            let isDelayed = store.delayed[job.id] != nil
            if queued[number] != (job.state == .queued ? 1 : 0) || held[number] != (job.state == .running ? 1 : 0)
                || waiting[number] != (job.state == .waiting ? 1 : 0) || isDelayed != (job.state == .delayed)
            {
                ledger.violate(
                    .i3,
                    "job \(number) is \(job.state.rawValue) and \(queued[number]) times on the queue, \(held[number]) "
                        + "times held, \(waiting[number]) times waiting\(isDelayed ? ", put off" : "")"
                )
            }
            let hasLease = store.leases[job.id] != nil
            if hasLease != (job.state == .running), !ledger.tampered.contains(job.id) {
                ledger.violate(.i3, "job \(number) is \(job.state.rawValue) \(hasLease ? "with" : "without") a lease")
            }
        }
        if store.delayedOn.values.reduce(0, { $0 + $1.count }) != store.delayed.count {
            ledger.violate(.i4, "jobs are put off for a PM, and not put off")
        }
        for vm in store.waiting.keys.sorted()
        where !store.jobs.contains(where: { $0.vm == vm && !$0.state.isFinal && $0.state != .waiting }) {
            ledger.violate(.i3, "jobs of VM \(vm) wait for nothing")
        }
    }

    /// I2 and I4: what stands on a PM belongs to a VM that is there by its record.
    private func checkHosts() {
        for host in hosts where !host.isEmpty {
            for vm in host.domains.keys.sorted() where store[vm]?.pm != host.pm {
                let record = store[vm] == nil ? "gone" : "on PM \(store[vm]?.pm?.description ?? "-")"
                ledger.violate(.i2, "PM \(host.pm) has a domain of VM \(vm), which is \(record)")
            }
            for vm in host.disks.sorted() where store[vm]?.pm != host.pm {
                let record = store[vm] == nil ? "gone" : "on PM \(store[vm]?.pm?.description ?? "-")"
                ledger.violate(.i4, "PM \(host.pm) has a disk of VM \(vm), which is \(record)")
            }
        }
    }

    /// I7.
    private func checkAcknowledged() {
        for vm in ledger.running.sorted() {
            guard let record = store[vm], let pm = record.pm, hosts[pm.value - 1].domains[vm] == true else {
                ledger.violate(.i7, "VM \(vm) was said to run, and does not")
                continue
            }
        }
        for vm in ledger.gone.sorted() where store[vm] != nil {
            ledger.violate(.i7, "VM \(vm) was said to be gone, and is not")
        }
    }

    // MARK: - What must hold at the end

    /// Everything has come to its end, and nothing is left over.
    func checkEnd() -> Violation? {
        for job in store.jobs where !job.state.isFinal {
            ledger.violate(.i3, "job \(job.id) of VM \(job.vm) is still \(job.state.rawValue) at the end")
        }
        for case let vm? in store.vms where vm.state != .running && vm.state != .error {
            ledger.violate(.i7, "VM \(vm.id) is \(vm.state.rawValue) at the end")
        }
        let isOver = store.queue.isEmpty && store.processing.isEmpty && store.waiting.isEmpty && store.delayed.isEmpty
        if !isOver { ledger.violate(.i3, "something is left on a list at the end") }
        let dead = store.jobs.filter { $0.state == .dead }.map(\.id)
        if store.dead.compactMap(\.entry?.job).sorted() != dead {
            ledger.violate(.i3, "on the dead list are others than \(dead)")
        }
        return ledger.violation
    }
}
