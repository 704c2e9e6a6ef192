import Bootstrap
import Logging
import Model
import Store

/// One attempt at a job: its steps in order, each fenced and logged, and their undo where one fails.
struct Attempt {
    /// How an attempt ended.
    enum Outcome {
        /// Every step has an end.
        case done
        /// A step failed; `isClean` where it is certain that nothing of the VM is on the PM.
        case failed(Failure, isClean: Bool)
    }

    private let lease: Lease
    private let operation: Operation
    private let context: StepContext
    private let tools: Tools
    private var log: StepLog
    /// When the claim was asked for that is the fence before the first step; nil where it is not, or was passed.
    private var permit: ContinuousClock.Instant?
    /// What the next script writes into the log along with its own: so a step costs one round trip.
    private(set) var unwritten: [StepWrite] = []

    /// What an attempt works with.
    struct Tools: Sendable {
        let store: any JobStore
        let actions: StepActions
        let leases: LeaseKeeper
        let metrics: JobMetrics
        let clock: any WorkerClock
        let logger: Logger
    }

    /// An attempt.
    ///
    /// - Parameters:
    ///   - lease: the right to the job.
    ///   - operation: what is to be done.
    ///   - log: what was done so far.
    ///   - permit: when the claim was asked for with which the first step began; nil where it did not.
    ///   - context: what it is done to.
    ///   - tools: what it is done with.
    init(
        _ lease: Lease,
        _ operation: Operation,
        after log: StepLog,
        permit: ContinuousClock.Instant? = nil,
        in context: StepContext,
        with tools: Tools
    ) {
        self.lease = lease
        self.operation = operation
        self.log = log
        self.permit = permit
        self.context = context
        self.tools = tools
    }

    /// Takes the steps that are left; where one fails, undoes those that were begun.
    mutating func run() async -> Outcome {
        do throws(Failure) {
            for step in log.remaining(of: operation) where StepActions.isNeeded(step.action, for: context.vm) {
                try await take(step)
            }
            return .done
        } catch {
            // A job that was stopped or lost goes on elsewhere with what is there.
            guard !Task.isCancelled, !error.code.leavesJobAsItIs else { return .failed(error, isClean: false) }
            return .failed(error, isClean: await undo(after: error))
        }
    }

    private mutating func take(_ step: OperationStep) async throws(Failure) {
        let isProgress = !log.hasBegun(step)
        // Nothing is waited for between the permit and the action, which would make the permit old.
        if StepActions.overImage.contains(step.action) { await context.readImage() }
        if try !isPermitted(step) {
            try await enter(step.name, isProgress: isProgress, writing: [log.begin(step)], .entered(step))
        }
        do throws(Failure) {
            let result = try await perform(step.action, as: step.name)
            CrashPoint.made(step).reach()
            unwritten = [log.end(step, detail: result.detail)].compactMap(\.self)
        } catch {
            let failed = [log.fail(step, because: error)].compactMap(\.self)
            // It has no time of its own, so that what is undone has it, too.
            log.take(failed, at: "")
            unwritten = failed
            throw error
        }
    }

    /// Whether the claim is fence enough before a step: it began with that, and that is not long ago.
    private mutating func isPermitted(_ step: OperationStep) throws(Failure) -> Bool {
        guard let asked = permit else { return false }
        permit = nil
        guard tools.clock.now - asked <= tools.leases.duration / 2 else { return false }
        CrashPoint.entered(step).reach()
        try checkForStop()
        return true
    }

    /// Takes away what there is of the VM.
    ///
    /// - Returns: whether it is certain that nothing is left.
    private mutating func undo(after failure: Failure) async -> Bool {
        do throws(Failure) {
            for (action, steps) in log.undoing(of: operation) {
                try await enter(nil, isProgress: false, writing: log.beginUndo(of: steps), .undoEntered(action))
                _ = try await perform(action, as: action.rawValue)
                CrashPoint.undone(action).reach()
                unwritten = log.endUndo(of: steps)
            }
            return true
        } catch {
            tools.logger.error(
                "what a failed job made could not be removed yet",
                metadata: ["error": "\(error)", "after": "\(failure)", "domain": "\(context.vm.domainName)"]
            )
            return false
        }
    }

    private func perform(_ action: StepAction, as name: String) async throws(Failure) -> StepResult {
        guard let call = tools.actions[action] else {
            throw Failure(.internalFault, "no driver has an action \(action.rawValue): report this")
        }
        let start = tools.clock.now
        func measure(isDone: Bool) {
            let elapsed = tools.clock.now - start
            tools.metrics.note(step: name, of: operation.kind, isDone: isDone, elapsed: elapsed)
        }
        let result: StepResult
        do throws(Failure) { result = try await call(context) } catch {
            measure(isDone: false)
            throw error
        }
        measure(isDone: true)
        if !result.left.isEmpty { try await tools.store.note(left: result.left, by: lease) }
        return result
    }

    /// Passes the fence before an action, with what is to be written into the log.
    ///
    /// A worker that was frozen since the permit passes it again: the job may be another's by now.
    private mutating func enter(
        _ name: String?,
        isProgress: Bool,
        writing writes: [StepWrite],
        _ point: CrashPoint
    ) async throws(Failure) {
        var asked: ContinuousClock.Instant
        repeat {
            asked = tools.clock.now
            let all = unwritten + writes
            let begin = StepBegin(name, isProgress: isProgress, writing: all)
            let renewal = tools.leases.renewal(of: lease)
            switch try await tools.store.beginStep(begin, of: lease, for: renewal) {
            case .go(let time):
                log.take(all, at: time)
                unwritten = []
                if renewal != nil { tools.leases.renewed(lease, at: asked) }
            case .closed: throw Failure(.machineClosed, "the PM was closed to new VMs before anything was made there")
            case .cancelled:
                throw Failure(.cancelled, "the job was cancelled, and what it had made was taken away again")
            case .lost:
                throw Failure(
                    .leaseLost,
                    "the lease is no longer ours: another worker has the job, or the record is lost"
                )
            }
            point.reach()
        } while tools.clock.now - asked > tools.leases.duration / 2
        try checkForStop()
    }

    private func checkForStop() throws(Failure) {
        if Task.isCancelled { throw Failure(.leaseLost, "the job was stopped before its next action") }
    }
}
