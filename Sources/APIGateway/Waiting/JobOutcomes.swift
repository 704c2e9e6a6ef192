import Model
import NIOConcurrencyHelpers
import Store

/// Ends the waits of callers when the event stream reports how their jobs ended.
final class JobOutcomes: Sendable {
    /// How a job ended, or why that will never be known.
    typealias Outcome = Result<JobStatus, Failure>

    /// A job that a caller waits for.
    private struct AwaitedJob: Identifiable {
        let accepted: Acceptance
        var id: JobKey { accepted.key }
    }

    private let feed: EventFeed
    private let store: Store
    private let callers = WaitingCallers<AwaitedJob, Outcome>()
    private let recent = NIOLockedValueBox(RecentOutcomes())

    /// How many records are read at once when all awaited jobs are checked.
    private static let batch = 256

    init(feed: EventFeed, store: Store) {
        self.feed = feed
        self.store = store
    }

    /// For how many jobs callers wait.
    var awaited: Int { callers.subjects.count }

    /// Follows the stream until it ends.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.callers.run() }
            for await signal in feed.signals() {
                if case .events(let events) = signal { for event in events { note(event) } }
                guard signal.mayHaveLostJobs else { continue }
                recent.withLockedValue { $0.forgetNumbers() }
                await checkRecords()
                // Once more for those whose job was accepted before, and who were only about to wait.
                group.addTask {
                    // A cancelled sleep only makes it sooner.
                    try? await Task.sleep(for: .seconds(1))
                    await self.checkRecords()
                }
            }
            group.cancelAll()
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
        let reported = await callers.wait(for: AwaitedJob(accepted: job), until: deadline) {
            recent.withLockedValue { $0[job.key] }
        }
        if let reported { return try reported.get() }
        return try await recorded(job)
    }

    /// How a job ended by its record, which has an outcome whose event came before the wait, or was lost with the stream.
    ///
    /// Not inlined: its frame would be in memory through all of the wait.
    @inline(never)
    private func recorded(_ job: Acceptance) async throws(Failure) -> JobStatus? {
        let statuses: [JobStatus?]
        do throws(Failure) { statuses = try await store.statuses(of: [job]) } catch {
            if error.code == .malformedRecord { throw error }
            // The job was accepted; a Redis that does not answer now says nothing of it.
            return nil
        }
        guard let status = statuses.first ?? nil else { throw .lost(job) }
        return status.state.isFinal ? status : nil
    }

    /// Ends the waits for jobs that ended without an event, or that Redis has lost; waits while Redis is away.
    private func checkRecords() async {
        var jobs = callers.subjects.map(\.accepted)[...]
        var size = Self.batch
        while !jobs.isEmpty, !Task.isCancelled {
            let batch = Array(jobs.prefix(size))
            do throws(Failure) {
                for (job, status) in zip(batch, try await store.statuses(of: batch)) {
                    guard let status else {
                        end(job.key, .failure(.lost(job)))
                        continue
                    }
                    if status.state.isFinal { end(job.key, .success(status)) }
                }
                jobs = jobs.dropFirst(batch.count)
            } catch {
                guard error.code == .malformedRecord else {
                    // A cancelled sleep ends the loop.
                    try? await Task.sleep(for: .milliseconds(250))
                    continue
                }
                // One by one, so that a broken record is its own caller's alone.
                if size == 1, let job = jobs.popFirst() { end(job.key, .failure(error)) }
                size = 1
            }
        }
    }

    private func note(_ event: StoreEvent) {
        guard event.type == "job.finished", let job = event.fields["job"].flatMap(JobID.init),
            let state = event.fields["state"].flatMap(Job.State.init)
        else { return }
        end(
            JobKey(job, JobNonce(event.fields["nonce"])),
            .success(JobStatus(state: state, failure: Failure(event: event.fields)))
        )
    }

    private func end(_ job: JobKey, _ outcome: Outcome) {
        recent.withLockedValue { $0.note(job, outcome) }
        callers.end(job, with: outcome)
    }
}

extension Acceptance {
    fileprivate var key: JobKey { JobKey(job, nonce) }
}

extension EventFeed.Signal {
    /// Whether jobs may be lost, or may have ended without an event.
    fileprivate var mayHaveLostJobs: Bool {
        // The Redis that answers after an interruption may have gone back; files are registered anew where one has lost
        // them, and then it has lost jobs, too.
        if case .interrupted = self { true } else { contains("catalog.changed") }
    }
}

extension Failure {
    /// The failure in a `job.finished` event; nil where the job succeeded.
    fileprivate init?(event fields: [String: String]) {
        guard let code = fields["code"], !code.isEmpty else { return nil }
        let cause = fields["cause"].flatMap { $0.isEmpty ? nil : $0 }
        self.init(FailureCode(rawValue: code) ?? .internalFault, fields["message"] ?? "", cause: cause)
    }

    /// Redis no longer knows a job that it accepted.
    fileprivate static func lost(_ job: Acceptance) -> Failure {
        Failure(
            .outcomeUnknown,
            "Redis lost job \(job.job) of VM \(job.vm) before its outcome was known, since its data was lost or restored: "
                + "check whether there is such a VM before you repeat the request"
        )
    }
}
