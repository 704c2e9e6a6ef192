import Model
import NIOConcurrencyHelpers
import Store

/// Tells callers who wait how their jobs ended, as soon as the event stream does.
final class JobOutcomes: Sendable {
    private typealias Outcome = WaitingCallers.Outcome

    private let feed: EventFeed
    private let store: Store
    private let waiting = NIOLockedValueBox(WaitingCallers())

    /// How many records are read at once when all jobs that are waited for are checked.
    private static let batch = 256

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
                // Files are registered anew where Redis has lost them, and then it has lost jobs, too.
                if signal.tells(of: "catalog.changed") { await checkRecords() }
            case .interrupted:
                // The Redis that answers next may have gone back.
                await checkRecords()
            }
        }
    }

    /// How a job ended.
    ///
    /// - Parameters:
    ///   - job: the job.
    ///   - deadline: when to stop waiting.
    /// - Returns: nil where it goes on after that.
    /// - Throws: `Failure` with `outcomeUnknown` where Redis has lost the job.
    func outcome(
        of job: Acceptance,
        until deadline: ContinuousClock.Instant
    ) async throws(Failure) -> JobStatus? {
        if let outcome = await told(job, until: deadline) { return try outcome.get() }
        // An outcome that was told while nobody listened yet, or by a stream that was lost, is in the record.
        let statuses: [JobStatus?]
        do throws(Failure) { statuses = try await store.statuses(of: [job]) } catch {
            // The job was accepted; a Redis that does not answer now says nothing of it.
            return nil
        }
        guard let status = statuses.first ?? nil else { throw .lost(job) }
        return status.state.isFinal ? status : nil
    }

    /// Ends the waits for jobs that have ended without a word, or that Redis has lost; waits for a Redis that is away.
    private func checkRecords() async {
        var jobs = waiting.withLockedValue(\.jobs)[...]
        while !jobs.isEmpty, !Task.isCancelled {
            let batch = Array(jobs.prefix(Self.batch))
            do throws(Failure) {
                for (job, status) in zip(batch, try await store.statuses(of: batch)) {
                    guard let status else {
                        end(job.nonce, .failure(.lost(job)))
                        continue
                    }
                    if status.state.isFinal { end(job.nonce, .success(status)) }
                }
                jobs = jobs.dropFirst(batch.count)
            } catch {
                // A cancelled sleep ends the loop.
                try? await Task.sleep(for: .milliseconds(250))
            }
        }
    }

    private func note(_ event: StoreEvent) {
        guard event.type == "job.finished", let job = JobNonce(event.fields["nonce"]),
            let state = event.fields["state"].flatMap(Job.State.init)
        else { return }
        end(job, .success(JobStatus(state: state, failure: Failure(event: event.fields))))
    }

    private func end(_ job: JobNonce, _ outcome: Outcome) {
        let callers = waiting.withLockedValue { $0.ended(job, outcome) }
        for caller in callers { caller.resume(returning: outcome) }
    }

    private func told(_ job: Acceptance, until deadline: ContinuousClock.Instant) async -> Outcome? {
        await withTaskGroup(of: Outcome?.self) { group in
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

    private func told(_ job: Acceptance) async -> Outcome? {
        let caller = waiting.withLockedValue { $0.nextCaller() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let known = waiting.withLockedValue { state -> Outcome?? in
                    if Task.isCancelled { return .some(nil) }
                    return state.wait(for: job, as: caller, continuation).map(Optional.some)
                }
                if let known { continuation.resume(returning: known) }
            }
        } onCancel: {
            waiting.withLockedValue { $0.leave(job.nonce, caller) }?.resume(returning: nil)
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

    /// Redis no longer knows a job that it accepted.
    fileprivate static func lost(_ job: Acceptance) -> Failure {
        Failure(
            .outcomeUnknown,
            "Redis lost job \(job.job) of VM \(job.vm) before its outcome was known, since its data was lost or went back: "
                + "look whether there is such a VM before you repeat the request"
        )
    }
}
