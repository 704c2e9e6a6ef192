import Model

/// What a worker does all the time beside its jobs: leases, sweeps, looks.
extension Simulation {
    // MARK: - Leases

    /// Renews the leases and says that the worker lives.
    func beat(_ index: Int) {
        tell(index, .beat, after: Scenario.lease / 3)
        let asked = workers[index].clock(now)
        let leases = heldRuns(index).map(\.value.lease)
        let name = workers[index].name
        let (lost, delay) = call(index) { store in
            store.workers.insert(name)
            return store.renew(leases, for: Scenario.lease)
        }
        if !leases.isEmpty {
            note("\(name): renews \(leases.map(\.job)): lost \(brief(lost))")
        }
        tell(index, .beaten(lost, of: leases, asked: asked), after: delay)
    }

    func beaten(_ index: Int, _ lost: [JobID]?, _ leases: [HeldJob], _ asked: Int) {
        guard let lost else {
            // Looked at by the clock from time to time; here, when the first of them may be overdue.
            for after in [0, 1_500, 3_000, 4_500] { tell(index, .overdue, after: after) }
            return
        }
        for (number, run) in heldRuns(index) {
            if lost.contains(run.lease.job) {
                cancel(index, number, "another worker has it")
            } else if leases.contains(run.lease) {
                workers[index].runs[number]?.renewed = asked
            }
        }
    }

    /// Stops jobs whose leases could not be renewed for six tenths of their time, by the worker's own clock.
    func stopOverdue(_ index: Int) {
        let latest = workers[index].clock(now) - Scenario.lease * 6 / 10
        for (number, run) in heldRuns(index) where run.renewed < latest {
            cancel(index, number, "its lease could not be renewed in time")
        }
    }

    /// The runs whose leases the worker keeps alive, in their order.
    private func heldRuns(_ index: Int) -> [(key: Int, value: JobRun)] {
        workers[index].runs.filter(\.value.isHeld).sorted { $0.key < $1.key }
    }

    /// Tells a job's work to end.
    private func cancel(_ index: Int, _ number: Int, _ why: @autoclosure () -> String) {
        note("\(workers[index].name): stops job \(workers[index].runs[number]?.lease.job.value ?? 0): \(why())")
        workers[index].runs[number]?.isCancelled = true
        workers[index].runs[number]?.isHeld = false
    }

    // MARK: - The end of a worker

    /// As SIGTERM would: nothing more is taken, and jobs have their time to end.
    func stop(_ index: Int) {
        guard workers[index].life == .up else { return }
        note("\(workers[index].name): told to stop")
        ledger.count(.stopped)
        workers[index].life = .stopping
        workers[index].isStopping = true
        tell(index, .graceIsOver, after: random.number(0...8_000))
    }

    func graceIsOver(_ index: Int) {
        workers[index].isGraceOver = true
        for number in workers[index].runs.keys.sorted() {
            note(
                "\(workers[index].name): stops job \(workers[index].runs[number]?.lease.job.value ?? 0): grace is over"
            )
            workers[index].runs[number]?.isCancelled = true
        }
        endIfStopped(index)
    }

    /// A worker that was told to stop ends with its last job.
    func endIfStopped(_ index: Int) {
        guard workers[index].life == .stopping, workers[index].runs.isEmpty,
            !workers[index].isClaiming
        else { return }
        note("\(workers[index].name): ends")
        end(index, restartAfter: random.number(100...10_000))
    }

    // MARK: - Sweeps and looks

    func sweep(_ index: Int) {
        let (answer, _) = call(index) { $0.sweep() }
        guard let answer else { return tell(index, .sweep, after: 500) }
        if !answer.isEmpty {
            note("\(workers[index].name): sweeps: \(answer)")
        }
        ledger.count(.recovered, answer.recovered.count)
        ledger.count(.givenUp, answer.givenUp.count)
        tell(index, .sweep, after: max(min((answer.next ?? 2_000) + 5, 2_000), 20))
    }

    func takeLooks(_ index: Int) {
        let (answer, delay) = call(index) { $0.takeDue(limit: 32, deadline: Scenario.lookDeadline) }
        for machine in answer?.machines ?? [] {
            note("\(workers[index].name): looks at PM \(machine.id)")
            tell(index, .looked(machine), after: delay + random.number(50...2_000))
        }
        tell(index, .takeLooks, after: max(10, min(answer?.next ?? 500, random.number(500...5_000))))
    }

    func looked(_ index: Int, _ machine: PhysicalMachine) {
        let records = store.vms
        let (state, measure) = hosts[machine.id.value - 1].look(machine) { vm in
            records[vm.value - 1]?.needs ?? .zero
        }
        let period = scenario.lookPeriod
        _ = call(index) { $0.record(state, measure, of: machine.id, next: period) }
        note("\(workers[index].name): PM \(machine.id) is \(state.rawValue)")
    }
}
