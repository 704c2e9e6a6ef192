import Model

/// A job under way on a worker, as the worker's JobRunner, CreateVM and Journal run it.
extension Simulation {
    /// What a run does next.
    func handle(_ index: Int, _ number: Int, _ event: RunEvent) {
        guard let run = workers[index].runs[number] else { return }
        switch event {
        case .begin: read(index, number, run)
        case .read(let isThere): hasRead(index, number, run, isThere)
        case .entered(let step, let answer, let asked): entered(index, number, run, step, answer, asked)
        case .acted(let step, let failure): acted(index, number, run, step, failure)
        case .mayUndo(let answer, let failure, let asked): mayUndo(index, number, run, answer, failure, asked)
        case .undone(let failure, let cause):
            conclude(index, number, .failed(cause, isClean: failure == nil))
        case .write(let outcome): write(index, number, run, outcome)
        case .decide(let outcome, let tries): decide(index, number, run, outcome, tries)
        case .wrote(let outcome, let isOurs): wrote(index, number, run, outcome, isOurs)
        }
    }

    private func go(_ index: Int, _ number: Int, _ event: RunEvent, after delay: Int) {
        tell(index, .run(number, event), after: delay)
    }

    // MARK: - Steps

    private func read(_ index: Int, _ number: Int, _ run: JobRun) {
        let (isThere, delay) = call(index) { $0[run.entry.vm] != nil }
        go(index, number, .read(isThere), after: delay)
    }

    private func hasRead(_ index: Int, _ number: Int, _ run: JobRun, _ isThere: Bool?) {
        guard let isThere else { return conclude(index, number, .failed(.storeUnavailable, isClean: false)) }
        guard isThere, run.pm != nil else { return conclude(index, number, .done) }
        if run.entry.kind == .create, sabotage.contains(.imageBeforeJournal), !areImagesUsable {
            return fail(index, number, run, .imageUnusable)
        }
        enter(index, number, run, run.entry.kind == .create ? .image : .remove)
    }

    /// Asks whether the job is still the worker's, before the act.
    private func enter(_ index: Int, _ number: Int, _ run: JobRun, _ step: JobStep) {
        guard !run.isCancelled else { return fail(index, number, run, .deadline) }
        let asked = workers[index].clock(now)
        let (answer, delay) = call(index) { $0.enter(step, of: run.lease, for: Scenario.lease) }
        note("\(workers[index].name): job \(run.lease.job) enters \(step): \(brief(answer))")
        go(index, number, .entered(step, answer, asked: asked), after: delay)
        if random.chance(2) { freeze(index, isLong: true) }
    }

    private func entered(
        _ index: Int,
        _ number: Int,
        _ run: JobRun,
        _ step: JobStep,
        _ answer: StepAnswer?,
        _ asked: Int
    ) {
        switch answer {
        case nil: return fail(index, number, run, .storeUnavailable)
        case .closed: return fail(index, number, run, .machineClosed)
        case .lost:
            ledger.count(.lost)
            return fail(index, number, run, .leaseLost)
        case .go(let before):
            var run = run
            run.furthest = max(run.furthest ?? step, before ?? step, step)
            workers[index].runs[number] = run
        }
        guard let run = workers[index].runs[number] else { return }
        if run.entry.kind == .create, poison[run.entry.vm] == step {
            return kill(index, restartAfter: random.number(100...5_000))
        }
        guard !isOld(index, asked) else { return enter(index, number, run, step) }
        guard !run.isCancelled else { return fail(index, number, run, .leaseLost) }
        if step == .image, !areImagesUsable { return fail(index, number, run, .imageUnusable) }
        act(index, number, run, step, cause: nil)
    }

    /// Whether an answer has lain so long that the job may be another's by now; then the worker asks again.
    private func isOld(_ index: Int, _ asked: Int) -> Bool {
        !sabotage.contains(.actsWithoutClock) && workers[index].clock(now) - asked > Scenario.lease / 2
    }

    private func acted(
        _ index: Int,
        _ number: Int,
        _ run: JobRun,
        _ step: JobStep,
        _ failure: FailureCode?
    ) {
        if let failure { return fail(index, number, run, failure) }
        let next: JobStep? =
            switch step {
            case .image: .disk
            case .disk: .domain
            case .domain: .start
            case .start, .remove: nil
            }
        if let next { enter(index, number, run, next) } else { conclude(index, number, .done) }
    }

    // MARK: - Failures

    /// A try failed: what a create has made is taken away again, where the job is still the worker's.
    private func fail(_ index: Int, _ number: Int, _ run: JobRun, _ code: FailureCode) {
        note("\(workers[index].name): job \(run.lease.job) fails: \(code.rawValue)")
        guard run.entry.kind == .create, !run.isCancelled, !logic.leavesJobAsItIs(code) else {
            return conclude(index, number, .failed(code, isClean: false))
        }
        guard let furthest = run.furthest, furthest > .image else {
            return conclude(index, number, .failed(code, isClean: true))
        }
        if sabotage.contains(.undoAsksNobody) { return act(index, number, run, .remove, cause: code) }
        askToUndo(index, number, run, code)
    }

    private func askToUndo(_ index: Int, _ number: Int, _ run: JobRun, _ cause: FailureCode) {
        let asked = workers[index].clock(now)
        let (answer, delay) = call(index) { $0.enter(.remove, of: run.lease, for: Scenario.lease) }
        note("\(workers[index].name): job \(run.lease.job) may undo: \(brief(answer))")
        go(index, number, .mayUndo(answer, after: cause, asked: asked), after: delay)
        if random.chance(2) { freeze(index, isLong: true) }
    }

    private func mayUndo(
        _ index: Int,
        _ number: Int,
        _ run: JobRun,
        _ answer: StepAnswer?,
        _ cause: FailureCode,
        _ asked: Int
    ) {
        guard case .go = answer, !run.isCancelled else {
            return conclude(index, number, .failed(cause, isClean: false))
        }
        guard !isOld(index, asked) else { return askToUndo(index, number, run, cause) }
        act(index, number, run, .remove, cause: cause)
    }

    // MARK: - The end

    private func conclude(_ index: Int, _ number: Int, _ outcome: RunOutcome) {
        workers[index].runs[number]?.isHeld = false
        let end = workers[index].clock(now) + Scenario.lease
        workers[index].runs[number]?.writesUntil = end
        go(index, number, .write(outcome), after: 0)
    }

    private func write(_ index: Int, _ number: Int, _ run: JobRun, _ outcome: RunOutcome) {
        let name = workers[index].name
        switch outcome {
        case .done:
            let (isOurs, delay) = call(index) { $0.finish(run.lease, by: name, .done) }
            note("\(name): job \(run.lease.job) done: \(brief(isOurs))")
            go(index, number, .wrote(outcome, isOurs), after: delay)
        case .failed(let code, _) where run.isCancelled || logic.leavesJobAsItIs(code):
            let (isOurs, delay) = call(index) { $0.handBack(run.lease) }
            note("\(name): job \(run.lease.job) handed back: \(brief(isOurs))")
            if isOurs == true { ledger.count(.handedBack) }
            go(index, number, .wrote(outcome, isOurs), after: delay)
        case .failed:
            let (tries, delay) = call(index) { $0[run.lease.job]?.tries ?? 0 }
            go(index, number, .decide(outcome, tries: tries), after: delay)
        }
    }

    private func decide(
        _ index: Int,
        _ number: Int,
        _ run: JobRun,
        _ outcome: RunOutcome,
        _ tries: Int?
    ) {
        guard let tries, case .failed(let code, let isClean) = outcome else {
            return go(index, number, .wrote(outcome, nil), after: 0)
        }
        let (name, isCreate, fraction) = (workers[index].name, run.entry.kind == .create, random.fraction())
        let isMachineFault = isCreate && logic.isMachineFault(code)
        let retry =
            isCreate
            ? logic.retryCreate(code, isClean, tries, fraction) : logic.retryDestroy(code, tries, fraction)
        let (isOurs, delay) = call(index) { store in
            switch retry {
            case .moveOn: store.moveOn(run.lease, because: code, isMachineFault: isMachineFault)
            case .postpone(let delay): store.postpone(run.lease, by: delay, because: code)
            case .fail:
                store.finish(run.lease, by: name, .failed(code, owing: nil, isMachineFault: isMachineFault))
            case .failOwingRemoval(let delay):
                store.finish(run.lease, by: name, .failed(code, owing: delay, isMachineFault: isMachineFault))
            }
        }
        note("\(name): job \(run.lease.job) \(retry) after \(code.rawValue): \(brief(isOurs))")
        if isOurs == true { ledger.count(Figure(retry)) }
        go(index, number, .wrote(outcome, isOurs), after: delay)
    }

    /// Redis has the outcome, or the job is another's; else it is written again, for as long as that makes sense.
    private func wrote(_ index: Int, _ number: Int, _ run: JobRun, _ outcome: RunOutcome, _ isOurs: Bool?) {
        if isOurs == nil, workers[index].clock(now) < run.writesUntil ?? 0 {
            return go(index, number, .write(outcome), after: 250)
        }
        workers[index].runs[number] = nil
        lookAtQueue(index, after: 0)
        endIfStopped(index)
    }
}
