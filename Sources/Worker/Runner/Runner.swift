import Bootstrap
import Logging
import Model
import Store
import Telemetry

/// Runs a job that this worker holds, whatever its operation, and writes its outcome.
struct Runner: Sendable {
    let store: any JobStore
    let drivers: any DriverSource
    let leases: LeaseKeeper
    let worker: String
    /// Begun where another worker can run what this one cannot.
    let yieldDelay = YieldDelay()
    var operations = OperationRegistry.shipped
    var actions = StepActions.shipped
    var metrics = JobMetrics()
    /// Called before a VM that has run before is started again.
    var starting: @Sendable (VMID) async -> Void = { _ in }
    /// Called once a job that starts a VM is done.
    var started: @Sendable (VMID, PMID) async -> Void = { _, _ in }
    var clock: any WorkerClock = SystemClock()
    /// Where in the range of a backoff to wait, from 0 to 1.
    var fraction: @Sendable () -> Double = { .random(in: 0...1) }
    let logger: Logger

    /// Runs the job to its end; a cancelled one goes back to the queue.
    func run(_ job: ClaimedJob) async {
        var logger = logger
        logger[metadataKey: "job"] = "\(job.entry.job)"
        logger[metadataKey: "vm"] = "\(job.entry.vm)"
        logger[metadataKey: "pm"] = job.machine.map { "\($0)" }
        let work = Task { [logger] in await attempt(job, logger) }
        leases.keep(job.lease, since: job.asked) { work.cancel() }
        let result = await withTaskCancellationHandler {
            await work.value
        } onCancel: {
            work.cancel()
        }
        leases.release(job.lease)
        logger.note(result.origin)
        // What follows belongs to the job's end and is not cut short by the stop that ended it.
        await Task { [logger] in await conclude(job, result, wasStopped: work.isCancelled, logger) }.value
    }

    /// What an attempt came to, and what the step log does not have of it yet.
    struct Result {
        let outcome: Attempt.Outcome
        var unwritten: [StepWrite] = []
        var origin = JobOrigin()
        /// Whether its PM had no copy of the image before.
        var bringsImage = false
    }

    private func attempt(_ job: ClaimedJob, _ logger: Logger) async -> Result {
        var logger = logger
        var origin = JobOrigin()
        CrashPoint.claimed.reach()
        defer { CrashPoint.acted.reach() }
        do throws(Failure) {
            guard let operation = operations[job.entry.kind] else {
                throw Failure(.internalFault, "no operation is called \(job.entry.kind.rawValue): report this")
            }
            // A VM that has no record, or was never placed, has nothing anywhere.
            guard !operation.steps.isEmpty, let pm = job.machine else { return Result(outcome: .done) }
            let subject = try await store.subject(of: job.entry, at: pm)
            origin = subject.origin
            logger.note(origin)
            guard let status = subject.status else { return Result(outcome: .done, origin: origin) }
            // The log of a job that is taken for the first time has at most what the claim wrote.
            let records = job.lease.epoch > 1 ? try await store.steps(of: job.lease.job) : [:]
            // One that is tried again may have started it.
            if operation.startsVM, status.startedAt != nil, records.isEmpty { await starting(job.entry.vm) }
            var log = StepLog(records, on: pm, epoch: job.lease.epoch, trace: origin.trace?.text)
            if let time = job.firstStepAt, let step = operation.firstWithClaim { log.take([log.begin(step)], at: time) }
            let (hypervisor, bringsImage): (any Hypervisor, Bool)
            do throws(Failure) {
                let machine = try known(subject.machine, pm)
                hypervisor = try await drivers.hypervisor(of: machine)
                bringsImage = operation.bringsImage && !machine.cachedImages.contains(status.vm.image)
            } catch {
                return Result(outcome: .failed(error, isClean: log.isClean(of: operation)), origin: origin)
            }
            let context = StepContext(status: status, image: subject.image, hypervisor: hypervisor, store: store)
            let tools = Attempt.Tools(
                store: store,
                actions: actions,
                leases: leases,
                metrics: metrics,
                clock: clock,
                logger: logger
            )
            let permit = job.firstStepAt.map { _ in job.asked }
            var attempt = Attempt(job.lease, operation, after: log, permit: permit, in: context, with: tools)
            let outcome = await attempt.run()
            return Result(outcome: outcome, unwritten: attempt.unwritten, origin: origin, bringsImage: bringsImage)
        } catch {
            return Result(outcome: .failed(error, isClean: false), origin: origin)
        }
    }

    private func known(_ machine: PhysicalMachine?, _ pm: PMID) throws(Failure) -> PhysicalMachine {
        if let machine { return machine }
        throw Failure(.unknownPM, "PM \(pm) is no longer known: put it back into the pm_file")
    }
}

extension Operation {
    /// Whether one of its steps brings the VM's image to the PM where that has none.
    fileprivate var bringsImage: Bool { steps.contains { $0.action == .ensureImage } }
}

extension Logger {
    /// Has each line name the request that the job came from.
    fileprivate mutating func note(_ origin: JobOrigin) {
        self[metadataKey: "request"] = origin.request.map { "\($0)" }
        self[metadataKey: "trace"] = origin.trace.map { "\($0.traceID)" }
    }
}
