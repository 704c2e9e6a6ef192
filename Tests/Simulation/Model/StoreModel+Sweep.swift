import Model

/// What a sweep brought back.
struct SweepAnswer: Hashable, Sendable {
    var recovered: [JobID] = []
    var due: [JobID] = []
    var givenUp: [JobID] = []
    /// The ms until there is more to do; nil where there is none.
    var next: Int?
}

extension StoreModel {
    /// `sweep`.
    mutating func sweep(limit: Int = 100, crashLimit: Int = 3, repairPeriod: Int = 15_000) -> SweepAnswer {
        var answer = SweepAnswer()
        if now >= repairedUntil {
            repairedUntil = now + repairPeriod
            repair()
        }
        if !sabotage.contains(.nobodySweeps) {
            for id in byScore(leases, upTo: now).prefix(limit) {
                guard let job = self[id], job.state == .running else {
                    leases[id] = nil
                    continue
                }
                update(id) { $0.crashes += 1 }
                if job.crashes + 1 >= crashLimit, !sabotage.contains(.nothingIsGivenUp) {
                    giveUp(job)
                    answer.givenUp.append(id)
                } else {
                    comeBack(job)
                    answer.recovered.append(id)
                }
            }
        }
        answer.due = Array(byScore(delayed, upTo: now).prefix(limit))
        for id in answer.due { takeUp(id) }
        answer.next = [leases.values.min(), delayed.values.min()].compactMap { $0 }.min().map { max(0, $0 - now) }
        return answer
    }

    /// `give_up`: ends a job that nobody is to try again.
    private mutating func giveUp(_ job: JobRecord) {
        letGo(job)
        dead.append(.entry(job.entry))
        if self[job.vm] != nil {
            update(job.vm) { vm in
                vm.state = .error
                vm.job = nil
                vm.destroyJob = nil
                vm.stateBefore = nil
            }
            wakeWaiting(job.vm)
        }
        end(job.id, .dead, .gaveUp)
    }

    /// `repair`: compares the entries of processing lists with the leases.
    private mutating func repair() {
        for worker in workers.sorted() {
            for line in processing[worker] ?? [] {
                guard let job = line.entry?.job, leases[job] != nil else {
                    mend(line, of: worker)
                    continue
                }
            }
        }
    }

    /// A running job without a lease gets one that is over; what stands there for nothing is removed.
    private mutating func mend(_ line: QueueLine, of worker: String) {
        changes += 1
        if let entry = line.entry, let job = self[entry.job], job.state == .running, job.worker == worker,
            job.entry == entry
        {
            leases[job.id] = now
        } else if let place = processing[worker]?.firstIndex(of: line) {
            processing[worker]?.remove(at: place)
            if processing[worker]?.isEmpty == true { processing[worker] = nil }
        }
    }
}
