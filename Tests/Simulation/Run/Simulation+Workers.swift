import Model
import Placement

extension Simulation {
    /// Starts a worker that is down, under a new name or the old one.
    func start(_ index: Int) {
        guard workers[index].life == .down else { return }
        if workers[index].name.isEmpty || random.chance(60) {
            names += 1
            workers[index].name = "w\(names)"
        }
        workers[index].life = .up
        workers[index].incarnation += 1
        workers[index].fleet = FleetSnapshot()
        workers[index].fleetVersion = 0
        workers[index].isIdle = false
        note("\(workers[index].name): starts")
        tell(index, .beat, after: 0)
        tell(index, .takeLooks, after: random.number(0...20))
        tell(index, .sweep, after: random.number(0...50))
        lookAtQueue(index, after: random.number(0...50))
    }

    /// Ends a worker as SIGKILL would; acts that it has begun go on without it.
    func kill(_ index: Int, restartAfter pause: Int) {
        guard workers[index].life != .down else { return }
        note("\(workers[index].name): killed")
        ledger.count(.killed)
        end(index, restartAfter: pause)
    }

    /// The worker is no more.
    func end(_ index: Int, restartAfter pause: Int) {
        workers[index].life = .down
        workers[index].incarnation += 1
        workers[index].runs = [:]
        workers[index].missed = []
        workers[index].isIdle = false
        workers[index].isStopping = false
        workers[index].isGraceOver = false
        workers[index].isClaiming = false
        timeline.add(.start(index), at: now + pause)
    }

    /// An event reaches a worker, unless that life of it is over; a frozen one hears of it later.
    func reach(_ index: Int, _ incarnation: Int, _ event: WorkerEvent) {
        guard workers[index].incarnation == incarnation else { return }
        guard workers[index].life != .frozen else {
            workers[index].missed.append(event)
            return
        }
        switch event {
        case .peek(let wait): peek(index, wait)
        case .claim(let plan, let roomVersion, let asked): claim(index, plan, roomVersion, asked)
        case .claimed(let answer, let plan, let asked): claimed(index, answer, plan, asked)
        case .beat: beat(index)
        case .beaten(let lost, let leases, let asked): beaten(index, lost, leases, asked)
        case .overdue: stopOverdue(index)
        case .sweep: sweep(index)
        case .takeLooks: takeLooks(index)
        case .looked(let machine): looked(index, machine)
        case .graceIsOver: graceIsOver(index)
        case .run(let run, let event): handle(index, run, event)
        }
    }

    /// A worker goes on after a freeze; what it missed reaches it in any order.
    func thaw(_ index: Int, _ incarnation: Int) {
        guard workers[index].incarnation == incarnation, workers[index].life == .frozen else { return }
        workers[index].life = workers[index].isStopping ? .stopping : .up
        note("\(workers[index].name): thaws")
        let missed = workers[index].missed
        workers[index].missed = []
        for event in missed { tell(index, event, after: random.number(0...30)) }
    }

    // MARK: - Taking jobs

    /// Looks at the queue soon, whatever it waits for now.
    func lookAtQueue(_ index: Int, after delay: Int) {
        workers[index].wait += 1
        workers[index].isIdle = false
        tell(index, .peek(wait: workers[index].wait), after: delay)
    }

    /// Whatever happened may be work: wakes the workers that wait; a signal may get lost.
    func wakeIdle() {
        for index in workers.indices where workers[index].isIdle && random.chance(95) {
            lookAtQueue(index, after: delay())
        }
    }

    /// Waits for a signal, at most for the intake's patience.
    private func idle(_ index: Int) {
        lookAtQueue(index, after: 5_000)
        workers[index].isIdle = true
    }

    private func peek(_ index: Int, _ wait: Int) {
        guard workers[index].wait == wait, workers[index].life == .up else { return }
        let free = workers[index].slots - workers[index].runs.count
        guard free > 0 else { return idle(index) }
        let (version, limit) = (workers[index].fleetVersion, min(free, 64))
        guard let peek = call(index, { $0.peek(since: version, limit: limit) }).answer else {
            return lookAtQueue(index, after: 500)
        }
        workers[index].fleet.update(by: peek)
        workers[index].fleetVersion = peek.fleetVersion
        let plan = peek.lines.isEmpty ? [] : logic.plan(peek.lines, workers[index].fleet)
        guard !plan.isEmpty else { return idle(index) }
        let asked = workers[index].clock(now)
        workers[index].isClaiming = true
        let thought = random.chance(90) ? random.number(1...8) : random.number(50...1_500)
        tell(index, .claim(plan, roomVersion: peek.roomVersion, asked: asked), after: thought)
    }

    private func claim(_ index: Int, _ plan: [PlannedStep], _ roomVersion: Int, _ asked: Int) {
        let name = workers[index].name
        let (answer, delay) = call(index) { store in
            store.claim(plan, roomVersion: roomVersion, worker: name, lease: Scenario.lease)
        }
        note("\(name): claims \(plan.map(\.description).joined(separator: ", ")): \(brief(answer))")
        tell(index, .claimed(answer, plan, asked: asked), after: delay)
    }

    private func claimed(_ index: Int, _ answer: ClaimAnswer?, _ plan: [PlannedStep], _ asked: Int) {
        workers[index].isClaiming = false
        guard let answer else {
            lookAtQueue(index, after: 500)
            return endIfStopped(index)
        }
        for (step, result) in zip(plan, answer.results) {
            guard let entry = step.line.entry, case .started(let epoch, let pm) = result else { continue }
            runCount += 1
            workers[index].runs[runCount] = JobRun(
                lease: HeldJob(job: entry.job, epoch: epoch),
                entry: entry,
                pm: pm,
                renewed: asked,
                isCancelled: workers[index].isGraceOver
            )
            tell(index, .run(runCount, .begin), after: random.number(0...3))
        }
        lookAtQueue(index, after: 0)
        endIfStopped(index)
    }
}
