import Logging
import Model
import Store

/// Runs a job that this worker holds, and writes its outcome.
struct JobRunner: Sendable {
    let store: Store
    let machines: MachineAccess
    let leases: LeaseKeeper
    let worker: String
    let logger: Logger

    /// Runs the job to its end; a cancelled one goes back to the queue.
    func run(_ job: ClaimedJob) async {
        var logger = logger
        logger[metadataKey: "job"] = "\(job.entry.job)"
        logger[metadataKey: "vm"] = "\(job.entry.vm)"
        let work = Task { [logger] in await attempt(job, logger) }
        leases.keep(job.lease) { work.cancel() }
        let failure = await withTaskCancellationHandler {
            await work.value
        } onCancel: {
            work.cancel()
        }
        leases.release(job.lease)
        // What follows belongs to the job's end and is not cut short by the stop that ended it.
        await Task { [logger] in await conclude(job, failure, wasStopped: work.isCancelled, logger) }.value
    }

    private func attempt(_ job: ClaimedJob, _ logger: Logger) async -> Failure? {
        do throws(Failure) {
            try await handle(job, logger)
            return nil
        } catch {
            return error
        }
    }

    private func handle(_ job: ClaimedJob, _ logger: Logger) async throws(Failure) {
        guard let status = try await store.vm(job.entry.vm) else { return }
        guard let id = job.machine else {
            guard job.entry.kind == .destroy else {
                throw Failure(.internalFault, "VM \(job.entry.vm) was claimed without a PM: report this")
            }
            return
        }
        guard let machine = try await store.machine(id) else {
            throw Failure(.unknownPM, "PM \(id) is no longer known: put it back into the pm_file")
        }
        let hypervisor = try await machines.hypervisor(of: machine)
        switch job.entry.kind {
        case .create:
            try await CreateVM(vm: status.vm, hypervisor: hypervisor, store: store, logger: logger).run()
        case .destroy:
            try await hypervisor.remove(status.vm)
        }
    }

    private func conclude(
        _ job: ClaimedJob,
        _ failure: Failure?,
        wasStopped: Bool,
        _ logger: Logger
    ) async {
        do throws(Failure) {
            if failure != nil && wasStopped {
                let isBack = try await store.handBack(job.lease, by: worker, reason: "worker \(worker) was stopped")
                logger.notice(isBack ? "handed back" : "no longer ours")
            } else {
                try await finish(job, failure: failure, logger)
            }
        } catch {
            // The lease runs out, and another worker repeats the job, which is safe.
            logger.error("the outcome cannot be written", metadata: ["error": "\(error)"])
        }
    }

    private func finish(_ job: ClaimedJob, failure: Failure?, _ logger: Logger) async throws(Failure) {
        let isOurs = try await store.finish(job.lease, by: worker, failure: failure)
        let outcome = isOurs ? (failure == nil ? "done" : "failed") : "no longer ours"
        logger.info(
            "\(job.entry.kind.rawValue) \(outcome)",
            metadata: failure.map { ["error": "\($0)"] } ?? ["pm": "\(job.machine?.description ?? "-")"]
        )
    }
}
