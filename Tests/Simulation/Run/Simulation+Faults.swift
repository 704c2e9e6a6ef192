import Model

extension Simulation {
    /// The faults that may happen, each as often as its number says.
    private enum Fault {
        case kill
        case freeze
        case stop
        case cutOff
        case loseReply
        case repeatCall
        case lateCall
        case moody
        case neighbours
        case cordon
        case delist
        case images
        case junk
        case lease
    }

    /// Something goes wrong, and sets the time of what goes wrong next.
    func fault() {
        guard now < scenario.faultsUntil else { return }
        timeline.add(.fault, at: now + random.number(1...2 * scenario.faultPeriod))
        let fault = random.pick(weighted: [
            Fault.kill: 12, .freeze: 14, .stop: 5, .cutOff: 8, .loseReply: 8, .repeatCall: 6, .lateCall: 12,
            .moody: 18, .neighbours: 6, .cordon: 6, .delist: 3, .images: 3, .junk: 2, .lease: 3,
        ])
        let worker = random.number(0...workers.count - 1)
        let pm = PMID(known: random.number(1...hosts.count))
        switch fault {
        case .kill: kill(worker, restartAfter: random.number(100...20_000))
        case .freeze: freeze(worker, isLong: random.chance(50))
        case .stop: stop(worker)
        case .cutOff:
            note("\(workers[worker].name): Redis is out of reach")
            workers[worker].cutOffUntil = now + random.number(200...25_000)
        case .loseReply: workers[worker].nextCall = .unanswered
        case .repeatCall: workers[worker].nextCall = .repeated
        case .lateCall: lateCall()
        case .moody: spoil(pm)
        case .neighbours:
            hosts[pm.value - 1].foreign = Resources(cpu: 1, ram: 512, disk: 1).times(random.number(0...2))
            note("PM \(pm): others use \(hosts[pm.value - 1].foreign)")
        case .cordon: cordon(pm)
        case .delist: delist(pm)
        case .images:
            note("images cannot be used")
            areImagesUsable = false
            timeline.add(.imagesBack, at: now + random.number(500...15_000))
        case .junk:
            note("junk on the queue")
            store.queue.append(.junk("junk \(now)"))
            isDirty = true
        case .lease: tamper()
        case nil: break
        }
    }

    // MARK: - Workers

    func freeze(_ index: Int, isLong: Bool) {
        guard !isCalm, workers[index].life == .up || workers[index].life == .stopping else { return }
        note("\(workers[index].name): frozen")
        ledger.count(.frozen)
        workers[index].life = .frozen
        let time = isLong ? random.number(5_000...40_000) : random.number(50...5_000)
        timeline.add(.thaw(index, incarnation: workers[index].incarnation), at: now + time)
    }

    /// A call under an epoch that is over, as of a worker that does not know: it must be refused.
    private func lateCall() {
        let stale = ledger.leases.filter { store.held($0) == nil }
        guard let lease = random.pick(stale), let job = store[lease.job] else { return }
        ledger.count(.lateCalls)
        let wasTaken: Bool
        switch random.number(0...6) {
        case 0: wasTaken = store.finish(lease, by: job.worker ?? "", .done)
        case 1:
            wasTaken = store.finish(
                lease,
                by: job.worker ?? "",
                .failed(.hypervisor, owing: nil, isMachineFault: false)
            )
        case 2: wasTaken = store.handBack(lease)
        case 3: wasTaken = store.postpone(lease, by: 5_000, because: .deadline)
        case 4: wasTaken = job.kind == .create && store.moveOn(lease, because: .deadline, isMachineFault: true)
        case 5: wasTaken = store.renew([lease], for: Scenario.lease).isEmpty
        default: wasTaken = store.enter(.start, of: lease, for: Scenario.lease) != .lost
        }
        note("a late call for job \(lease.job) under epoch \(lease.epoch): \(wasTaken ? "TAKEN" : "refused")")
        if wasTaken { ledger.violate(.i3, "a late call for job \(lease.job) under epoch \(lease.epoch) was taken") }
    }

    /// Takes away the lease of a job whose worker is dead, or puts one there for a job that is none.
    private func tamper() {
        let living = Set(workers.filter { $0.life != .down }.map(\.name))
        let busy = acts.values.map(\.lease.job)
        let orphans = store.leases.keys.sorted().filter { job in
            !living.contains(store[job]?.worker ?? "") && !busy.contains(job)
        }
        isDirty = true
        if let job = random.pick(orphans), random.chance(50) {
            note("the lease of job \(job) vanishes")
            ledger.tampered.insert(job)
            store.leases[job] = nil
        } else {
            note("a lease for job 100000, which there is not")
            store.leases[JobID(known: 100_000)] = now + random.number(0...20_000)
        }
    }

    // MARK: - PMs

    private func spoil(_ pm: PMID) {
        guard hosts[pm.value - 1].mood == .well else { return }
        let mood = random.pick(weighted: [
            HostModel.Mood.away: 5, .failing: 6, .full: 2, .slow: 2, .half: 2,
        ])
        guard let mood else { return }
        note("PM \(pm): \(mood)")
        hosts[pm.value - 1].mood = mood
        let time = random.chance(60) ? random.number(500...15_000) : random.number(15_000...90_000)
        timeline.add(.recovery(pm, mood: mood), at: now + time)
    }

    func recover(_ pm: PMID, from mood: HostModel.Mood) {
        guard hosts[pm.value - 1].mood == mood else { return }
        note("PM \(pm): well")
        hosts[pm.value - 1].mood = .well
    }

    /// People close a PM by hand, of which nobody is told.
    private func cordon(_ pm: PMID) {
        guard closed.insert(pm).inserted else { return }
        note("PM \(pm): cordoned")
        store.update(pm) { $0.machine.isCordoned = true }
        timeline.add(.opening(pm), at: now + random.number(500...20_000))
    }

    /// The PM file no longer lists it.
    private func delist(_ pm: PMID) {
        guard closed.insert(pm).inserted else { return }
        note("PM \(pm): delisted")
        store.register(store.machines.map(\.machine).filter { $0.isListed && $0.id != pm })
        timeline.add(.opening(pm), at: now + random.number(500...20_000))
    }

    func open(_ pm: PMID) {
        guard closed.remove(pm) != nil else { return }
        note("PM \(pm): open")
        store.update(pm) { $0.machine.isCordoned = false }
        store.touch(pm, grew: true)
        store.register(store.machines.map(\.machine).filter { $0.isListed || $0.id == pm })
    }

    // MARK: - The end

    /// All faults end; what was wrong is mended, and everything must come to its end.
    func calm() {
        note("all faults end")
        isCalm = true
        areImagesUsable = true
        for host in hosts { recover(host.pm, from: host.mood) }
        for pm in closed.sorted() { open(pm) }
        for index in workers.indices {
            workers[index].cutOffUntil = 0
            workers[index].nextCall = .answered
            thaw(index, workers[index].incarnation)
        }
    }
}
