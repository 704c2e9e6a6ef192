import Bootstrap
import Logging
import Model
import Store

/// Runs a job that this worker holds, and writes its outcome.
struct JobRunner: Sendable {
    let store: Store
    let machines: PMConnectionPool
    let leases: LeaseKeeper
    let worker: String
    /// Begun where another worker can run what this one cannot.
    let queueYield = QueueYield()
    let logger: Logger

    /// Runs the job to its end; a cancelled one goes back to the queue.
    func run(_ job: ClaimedJob) async {
        var logger = logger
        logger[metadataKey: "job"] = "\(job.entry.job)"
        logger[metadataKey: "vm"] = "\(job.entry.vm)"
        let work = Task { [logger] in await attempt(job, logger) }
        leases.keep(job.lease, since: job.asked) { work.cancel() }
        let outcome = await withTaskCancellationHandler {
            await work.value
        } onCancel: {
            work.cancel()
        }
        leases.release(job.lease)
        // What follows belongs to the job's end and is not cut short by the stop that ended it.
        await Task { [logger] in await conclude(job, outcome, wasStopped: work.isCancelled, logger) }.value
    }

    /// How a try ended.
    private enum Outcome {
        case done
        case failed(Failure, isClean: Bool)
    }

    private func attempt(_ job: ClaimedJob, _ logger: Logger) async -> Outcome {
        CrashPoint.claimed.reach()
        defer { CrashPoint.acted.reach() }
        do throws(CreateVM.Fault) {
            try await handle(job, logger)
            return .done
        } catch {
            return .failed(error.failure, isClean: error.isClean)
        }
    }

    private func handle(_ job: ClaimedJob, _ logger: Logger) async throws(CreateVM.Fault) {
        let vm: VirtualMachine
        let hypervisor: any Hypervisor
        let journal = Journal(store: store, lease: job.lease, lasting: leases.duration)
        do throws(Failure) {
            // A VM that has no record, or was never placed, has nothing anywhere.
            guard let status = try await store.vm(job.entry.vm), let id = job.machine else { return }
            guard let machine = try await store.machine(id) else {
                throw Failure(.unknownPM, "PM \(id) is no longer known: put it back into the pm_file")
            }
            vm = status.vm
            hypervisor = try await machines.hypervisor(of: machine)
            switch job.entry.kind {
            // It ends with its claim, and nothing is to be done for it.
            case .hold: return
            case .destroy:
                let left = try await journal.take(.remove) { () async throws(Failure) in
                    try await hypervisor.remove(vm)
                }
                if !left.isEmpty { try await store.note(left: left, by: job.lease) }
                return
            case .start:
                if let other = status.alsoOn {
                    throw Failure(.hypervisor, "VM \(vm.id) has a domain on PM \(other), too, and is not started here")
                }
                return try await journal.take(.start) { () async throws(Failure) in
                    try await hypervisor.ensureRunning(vm)
                }
            default: break
            }
        } catch {
            throw CreateVM.Fault(failure: error, isClean: false)
        }
        try await CreateVM(vm: vm, hypervisor: hypervisor, store: store, journal: journal, logger: logger).run()
    }

    private func conclude(_ job: ClaimedJob, _ outcome: Outcome, wasStopped: Bool, _ logger: Logger) async {
        defer { CrashPoint.concluded.reach() }
        let end = ContinuousClock.now + leases.duration
        while true {
            do throws(Failure) {
                return try await write(outcome, of: job, wasStopped: wasStopped, logger)
            } catch {
                // Where it stays so, the lease runs out and another worker repeats the job, which is safe.
                guard error.code == .storeUnavailable, ContinuousClock.now < end else {
                    logger.error("the outcome cannot be written", metadata: ["error": "\(error)"])
                    return
                }
                logger.debug("the outcome cannot be written; trying again", metadata: ["error": "\(error)"])
                try? await Task.sleep(for: .milliseconds(250))
            }
        }
    }

    private func write(
        _ outcome: Outcome,
        of job: ClaimedJob,
        wasStopped: Bool,
        _ logger: Logger
    ) async throws(Failure) {
        switch outcome {
        case .done:
            let isOurs = try await store.finish(job.lease, by: worker, failure: nil)
            tell(job, isOurs ? "done" : "no longer ours", ["pm": "\(job.machine?.description ?? "-")"], logger)
        case .failed(let failure, _) where wasStopped || failure.code.leavesJobAsItIs:
            let reason = wasStopped ? "worker \(worker) was stopped" : failure.message
            let isBack = try await store.handBack(job.lease, reason: reason)
            tell(job, isBack ? "handed back" : "no longer ours", ["error": "\(failure)"], logger)
        case .failed(let failure, let isClean):
            try await retry(job, failure, isClean: isClean, logger)
        }
    }

    private func retry(_ job: ClaimedJob, _ failure: Failure, isClean: Bool, _ logger: Logger) async throws(Failure) {
        let tries = try await store.tries(of: job.lease.job)
        let fraction = Double.random(in: 0...1)
        var isReachedElsewhere = false
        if failure.code == .machineUnreachable, let machine = job.machine {
            isReachedElsewhere = try await store.isReached(machine, byOtherThan: worker)
            if isReachedElsewhere { queueYield.begin() }
        }
        let attempt = FailedAttempt(
            code: failure.code,
            isClean: isClean,
            earlierFailures: tries,
            isReachedElsewhere: isReachedElsewhere
        )
        let operation = OperationRegistry.shipped[job.entry.kind]
        let decision = operation?.retry.decide(after: attempt) ?? .fail
        let isMachineFault = operation?.claim == .place && failure.code.isPMFault && !isReachedElsewhere
        let isOurs: Bool
        switch decision {
        case .reschedule:
            isOurs = try await store.moveOn(job.lease, because: failure, isMachineFault: isMachineFault)
        case .postpone(let wait):
            let delay = wait.delay(fraction: fraction)
            isOurs = try await store.postpone(job.lease, by: delay, because: failure)
        case .fail:
            isOurs = try await store.finish(job.lease, by: worker, failure: failure, isMachineFault: isMachineFault)
        case .failWithCleanup(let wait):
            isOurs = try await store.finish(
                job.lease,
                by: worker,
                failure: failure,
                owingRemovalIn: wait.delay(fraction: fraction),
                isMachineFault: isMachineFault
            )
        }
        let word = isOurs ? "\(decision)" : "no longer ours"
        tell(job, word, ["pm": "\(job.machine?.description ?? "-")", "error": "\(failure)"], logger)
    }

    private func tell(_ job: ClaimedJob, _ what: String, _ metadata: Logger.Metadata, _ logger: Logger) {
        logger.info("\(job.entry.kind.rawValue): \(what)", metadata: metadata)
    }
}
