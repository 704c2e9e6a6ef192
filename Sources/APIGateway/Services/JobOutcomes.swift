import Model
import NIOConcurrencyHelpers
import Store

/// Tells callers who wait how their jobs ended, as soon as the event stream does.
final class JobOutcomes: Sendable {
    private let feed: EventFeed
    private let store: Store
    private let waiting = NIOLockedValueBox(WaitingCallers())

    init(feed: EventFeed, store: Store) {
        self.feed = feed
        self.store = store
    }

    /// Follows the stream until it ends.
    func run() async {
        for await signal in feed.signals() {
            switch signal {
            case .events(let events):
                for event in events { note(event) }
            case .interrupted:
                // The stream goes on where it stopped; only a Redis that lost it leaves callers to their own look.
                continue
            }
        }
    }

    /// How a job ended.
    ///
    /// - Returns: nil where it goes on after that.
    func outcome(of job: JobID, until deadline: ContinuousClock.Instant) async -> JobStatus? {
        if let status = await told(job, until: deadline) { return status }
        // An outcome that was told while nobody listened yet, or by a stream that was lost, is in the record.
        guard let status = try? await store.status(of: job), status.state.isFinal else { return nil }
        return status
    }

    private func note(_ event: StoreEvent) {
        guard event.type == "job.finished", let job = event.fields["job"].flatMap(JobID.init),
            let state = event.fields["state"].flatMap(Job.State.init)
        else { return }
        let failure = Failure(event: event.fields)
        let callers = waiting.withLockedValue { $0.ended(job, JobStatus(state: state, failure: failure)) }
        for caller in callers { caller.resume(returning: JobStatus(state: state, failure: failure)) }
    }

    private func told(_ job: JobID, until deadline: ContinuousClock.Instant) async -> JobStatus? {
        await withTaskGroup(of: JobStatus?.self) { group in
            group.addTask { await self.told(job) }
            group.addTask {
                try? await Task.sleep(until: deadline)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
    }

    private func told(_ job: JobID) async -> JobStatus? {
        let caller = waiting.withLockedValue { $0.nextCaller() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let known = waiting.withLockedValue { state -> JobStatus?? in
                    if Task.isCancelled { return .some(nil) }
                    return state.wait(for: job, as: caller, continuation).map(Optional.some)
                }
                if let known { continuation.resume(returning: known) }
            }
        } onCancel: {
            waiting.withLockedValue { $0.leave(job, caller) }?.resume(returning: nil)
        }
    }
}

extension Failure {
    /// The failure that a `job.finished` event tells; nil where the job did as asked.
    fileprivate init?(event fields: [String: String]) {
        guard let code = fields["code"], !code.isEmpty else { return nil }
        let cause = fields["cause"].flatMap { $0.isEmpty ? nil : $0 }
        self.init(FailureCode(rawValue: code) ?? .internalFault, fields["message"] ?? "", cause: cause)
    }
}
