import Model
import RedisClient
import Store
import TestKit

extension Simulation {
    /// The faults that may happen, each as often as its number says.
    private enum Fault {
        case kill
        case freeze
        case stop
        case cutOff
        case refuse
        case loseReply
        case repeatCall
        case lateCall
        case moody
        case neighbours
        case switchOff
        case cordon
        case delist
        case images
        case junk
        case lease
    }

    /// Something goes wrong, and sets the time of what goes wrong next.
    func fault() {
        guard now < scenario.faultsUntil else { return }
        timeline.add({ $0.fault() }, at: now + random.number(1...2 * scenario.faultPeriod))
        let fault = random.pick(weighted: [
            Fault.kill: 12, .freeze: 14, .stop: 5, .cutOff: 8, .refuse: 3, .loseReply: 8, .repeatCall: 6, .lateCall: 12,
            .moody: 18, .neighbours: 6, .switchOff: 6, .cordon: 6, .delist: 3, .images: 3, .junk: 2, .lease: 3,
        ])
        let worker = random.number(0...workers.count - 1)
        let pm = PMID(known: random.number(1...hosts.count))
        switch fault {
        case .kill: kill(worker, restartAfter: random.number(100...20_000))
        case .freeze: freeze(worker, isLong: random.chance(50))
        case .stop: stop(worker)
        case .cutOff: cutOff(worker)
        case .refuse:
            note("Redis refuses everything")
            let text = random.pick(["LOADING Redis is loading the dataset in memory", "BUSY Redis is busy", "OOM x"])
            redis.refusal = (text ?? "", now + random.number(100...10_000))
        case .loseReply: workers[worker].process?.nextCall = .unanswered
        case .repeatCall: workers[worker].process?.nextCall = .repeated
        case .lateCall: lateCall()
        case .moody: spoil(pm)
        case .neighbours:
            hosts[pm.value - 1].foreign = Resources(cpu: 1, ram: 512, disk: 1).times(random.number(0...2))
            note("PM \(pm): others use \(hosts[pm.value - 1].foreign)")
        case .switchOff: switchOff(pm)
        case .cordon: cordon(pm)
        case .delist: delist(pm)
        case .images:
            note("images cannot be used")
            areImagesUsable = false
            timeline.add({ $0.areImagesUsable = true }, at: now + random.number(500...15_000))
        case .junk:
            note("junk on the queue")
            redis.run(["RPUSH", "hvc:queue", "junk \(now)"])
        case .lease: tamper()
        case nil: break
        }
    }

    // MARK: - Workers

    private func cutOff(_ index: Int) {
        guard let process = workers[index].process else { return }
        note("\(process.name): Redis is out of reach")
        process.cutOffUntil = now + random.number(200...25_000)
        process.connections += 1
    }

    /// A call under an epoch that is over, as of a worker that does not know: it must be refused.
    private func lateCall() {
        let stale = ledger.leases.filter { !snapshot.isHeld($0) }
        guard let right = random.pick(stale), let job = snapshot.jobs[right.job] else { return }
        ledger.count(.lateCalls)
        let lease = Lease(job: right.job, epoch: right.epoch)
        let (kind, failure, duration) = (random.number(0...6), Failure(.hypervisor, "late"), Duration.seconds(15))
        asClient { [self] store in
            let wasTaken: Bool
            switch kind {
            case 0: wasTaken = try await store.finish(lease, by: job.worker, JobEnding())
            case 1: wasTaken = try await store.finish(lease, by: job.worker, JobEnding(failure: failure))
            case 2: wasTaken = try await store.requeue(lease, reason: "late", writing: [])
            case 3: wasTaken = try await store.postpone(lease, by: duration, because: failure, writing: [])
            case 4 where job.kind == .create:
                wasTaken = try await store.reschedule(lease, because: failure, penalizesPM: true, writing: [])
            case 5: wasTaken = try await store.renew([lease], for: duration).isEmpty
            default:
                let begin = StepBegin("start", isProgress: true, writing: [])
                wasTaken = try await store.beginStep(begin, of: lease, for: duration) != .lost
            }
            note("a late call for job \(lease.job) under epoch \(lease.epoch): \(wasTaken ? "TAKEN" : "refused")")
            guard wasTaken else { return }
            ledger.violate(.i3, "a late call for job \(lease.job) under epoch \(lease.epoch) was taken")
        }
    }

    /// Takes away the lease of a job whose worker is dead, or puts one there for a job that is none.
    private func tamper() {
        let living = Set(workers.compactMap { $0.process?.name })
        let busy = acts.values.compactMap(\.right?.job)
        let orphans = snapshot.leases.keys.sorted().filter { job in
            !living.contains(snapshot.jobs[job]?.worker ?? "") && !busy.contains(job)
        }
        if let job = random.pick(orphans), random.chance(50) {
            note("the lease of job \(job) vanishes")
            ledger.tampered.insert(job)
            redis.run(["ZREM", "hvc:leases", "\(job)"])
        } else {
            note("a lease for job 100000, which there is not")
            redis.run(["ZADD", "hvc:leases", redis.score(now + random.number(0...20_000)), "100000"])
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
        timeline.add({ $0.recover(pm, from: mood) }, at: now + time)
    }

    func recover(_ pm: PMID, from mood: HostModel.Mood) {
        guard hosts[pm.value - 1].mood == mood else { return }
        note("PM \(pm): well")
        hosts[pm.value - 1].mood = .well
    }

    /// A guest switches itself off, which the next probe finds.
    private func switchOff(_ pm: PMID) {
        let running = hosts[pm.value - 1].domains.filter(\.value.isRunning).keys.sorted()
        let idle = running.filter { vm in
            ledger.running.contains(vm) && snapshot.jobs.values.allSatisfy { $0.vm != vm || $0.state.isFinal }
        }
        guard let vm = random.pick(idle) else { return }
        note("VM \(vm) switches itself off")
        hosts[pm.value - 1].switchOff(vm)
        ledger.switchedOff(vm)
        isDirty = true
    }

    /// People close a PM by hand, of which no event tells.
    private func cordon(_ pm: PMID) {
        guard closed.insert(pm).inserted else { return }
        note("PM \(pm): cordoned")
        redis.run(["HSET", "hvc:pm:\(pm)", "cordoned", "1"])
        timeline.add({ $0.open(pm) }, at: now + random.number(500...20_000))
    }

    /// The PM file no longer lists it.
    private func delist(_ pm: PMID) {
        guard closed.insert(pm).inserted else { return }
        note("PM \(pm): delisted")
        delisted.insert(pm)
        list()
        timeline.add({ $0.open(pm) }, at: now + random.number(500...20_000))
    }

    func open(_ pm: PMID) {
        guard closed.remove(pm) != nil else { return }
        note("PM \(pm): open")
        asClient { store in _ = try await store.setCordon(false, of: pm) }
        if delisted.remove(pm) != nil { list() }
    }

    /// Lists the PMs that are to be listed, as a worker does that reads the PM file anew.
    private func list() {
        let listed = listings.indices.filter { !delisted.contains(PMID(known: $0 + 1)) }.map { listings[$0] }
        asClient { store in _ = try await store.register(machines: listed) }
    }

    // MARK: - The end

    /// All faults end; what was wrong is put right, and everything must come to its end.
    func calm() {
        note("all faults end")
        isCalm = true
        areImagesUsable = true
        for host in hosts { recover(host.pm, from: host.mood) }
        for pm in closed.sorted() { open(pm) }
        redis.refusal = nil
        for worker in workers {
            guard let process = worker.process else { continue }
            process.cutOffUntil = 0
            process.nextCall = .answered
            thaw(process)
        }
    }
}
