import Model

extension StoreModel {
    /// `register-machines`, for PMs that are known by their place in the list of all that ever were.
    mutating func register(_ listed: [PhysicalMachine]) {
        for machine in listed {
            let pm = machine.id
            if machines.count < pm.value { machines.append(MachineRecord(machine: machine)) }
            let known = machines[pm.value - 1].machine
            if discovery[pm] != nil, known.state == .up, known.listing == machine.listing { continue }
            if discovery[pm] == nil {
                update(pm) { record in
                    record.machine.state = .unknown
                    record.machine.isExplored = false
                    record.lookingUntil = nil
                }
                discovery[pm] = 0
            }
            update(pm) { record in
                record.machine.listing = machine.listing
                record.machine.isListed = true
            }
            lookSoon(pm)
            touch(pm, grew: true)
        }
        let numbers = Set(listed.map(\.id))
        for pm in discovery.keys.sorted() where !numbers.contains(pm) {
            update(pm) { $0.machine.isListed = false }
            discovery[pm] = nil
            touch(pm, grew: false)
        }
    }

    /// `take-due`.
    mutating func takeDue(limit: Int, deadline: Int) -> (machines: [PhysicalMachine], next: Int?) {
        let due = byScore(discovery, upTo: now).prefix(limit)
        let over = now + deadline
        for pm in due {
            discovery[pm] = over
            update(pm) { record in
                record.lookingUntil = over
                record.lookAgain = false
            }
        }
        return (due.map { machines[$0.value - 1].machine }, discovery.values.min().map { max(0, $0 - now) })
    }

    /// `record-discovery`.
    mutating func record(_ state: PMState, _ measure: PMMeasure?, of pm: PMID, next: Int) {
        let wasUp = machines[pm.value - 1].machine.state == .up
        let before = room(pm) ?? .zero
        let again = machines[pm.value - 1].lookAgain
        update(pm) { record in
            record.machine.isExplored = true
            record.machine.state = state
            if let measure { record.machine.measure = measure }
            record.lookAgain = false
            record.lookingUntil = nil
        }
        touch(pm, grew: !(room(pm) ?? .zero).fits(in: before))
        if discovery[pm] != nil { discovery[pm] = now + (again ? 0 : next) }
        guard state == .up else { return }
        if let failedAt = machines[pm.value - 1].failedAt, failedAt + 30_000 <= now {
            let isLast = machines[pm.value - 1].machine.failures <= 1
            let now = now
            update(pm) { record in
                record.machine.failures -= 1
                record.failedAt = isLast ? nil : now
            }
        }
        if !wasUp { for job in (delayedOn[pm] ?? []).sorted() { takeUp(job) } }
    }

    /// `blame`: a create failed on the PM.
    mutating func blame(_ pm: PMID) {
        let now = now
        update(pm) { record in
            record.machine.failures += 1
            record.failedAt = now
        }
        touch(pm, grew: false)
    }
}
