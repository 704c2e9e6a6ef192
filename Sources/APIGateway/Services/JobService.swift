import Bootstrap
import Model
import Store

/// Accepts jobs, and waits for their outcomes.
struct JobService: Sendable {
    let store: Store
    let outcomes: JobOutcomes
    let readiness: Readiness
    let limit: CallerLimit

    /// An accepted job, with its outcome if the caller waited for it.
    struct Submission: Sendable {
        let kind: Job.Kind
        let accepted: Acceptance
        /// Nil if the job goes on.
        let result: Result<Void, Failure>?
    }

    /// Accepts a job, and has its caller wait for its outcome.
    ///
    /// - Parameters:
    ///   - kind: what the job does.
    ///   - time: how long to wait: for the first probes after Redis was empty, and then for the outcome.
    ///   - enqueue: puts the job on the queue.
    /// - Returns: the job, with its outcome unless it goes on.
    /// - Throws: `Failure` where it was not accepted.
    func submit(
        _ kind: Job.Kind,
        waiting time: Duration,
        _ enqueue: @escaping @Sendable () async throws(Failure) -> Acceptance
    ) async throws(Failure) -> Answer<Submission> {
        let place = time > .zero ? try limit.enter() : nil
        let deadline = ContinuousClock.now + time
        let accepted = try await accept(until: deadline, enqueue)
        let result = try await presentResult(of: accepted, kind)
        guard let place, result == nil else {
            return .ready(Submission(kind: kind, accepted: accepted, result: result))
        }
        return .awaited { () async throws(Failure) in
            defer { withExtendedLifetime(place) {} }
            return Submission(kind: kind, accepted: accepted, result: await end(of: accepted, until: deadline))
        }
    }

    /// What an earlier request with the same key has come to; nil where its job goes on, or there was none.
    private func presentResult(of accepted: Acceptance, _ kind: Job.Kind) async throws(Failure) -> Result<
        Void, Failure
    >? {
        guard accepted.isReplay else { return nil }
        guard let status = try await store.statuses(of: [accepted]).first ?? nil else {
            // Its record is gone. What a create has made is there to see, and the end of a VM that is there is not.
            guard OperationRegistry.shipped[kind]?.initial == nil else { return .success(()) }
            return .failure(.unknownJob(accepted.job))
        }
        guard status.state.isFinal else { return nil }
        return status.failure.map { .failure($0) } ?? .success(())
    }

    /// Accepts jobs, by the deadline where Redis was empty.
    func accept(
        until deadline: ContinuousClock.Instant,
        _ enqueue: @escaping @Sendable () async throws(Failure) -> Acceptance
    ) async throws(Failure) -> Acceptance {
        CrashPoint.accepting.reach()
        let accepted = try await readiness.retrying(until: deadline, enqueue)
        CrashPoint.accepted.reach()
        return accepted
    }

    /// How a job ended; nil if it goes on after the wait.
    private func end(of job: Acceptance, until deadline: ContinuousClock.Instant) async -> Result<Void, Failure>? {
        do throws(Failure) {
            guard let status = try await outcomes.outcome(of: job, until: deadline) else { return nil }
            if let failure = status.failure { return .failure(failure) }
            guard status.state != .done else { return .success(()) }
            return .failure(Failure(.internalFault, "job \(job.job) was given up: see the workers' log"))
        } catch {
            return .failure(error)
        }
    }

    /// Waits until all of these jobs have ended, or the wait is over.
    func waitForEnds(of accepted: [Acceptance], until deadline: ContinuousClock.Instant) async {
        await withDiscardingTaskGroup { group in
            for job in accepted {
                // What became of each the caller reads from its record.
                group.addTask { _ = try? await outcomes.outcome(of: job, until: deadline) }
            }
        }
    }

    /// A job, once it has ended or the wait is over.
    func job(_ id: JobID, waiting time: Duration = .zero) async throws(Failure) -> Answer<JobDetails> {
        let job = try await read(id)
        guard time > .zero, !job.record.state.isFinal else { return .ready(job) }
        let place = try limit.enter()
        let awaited = Acceptance(job: id, vm: job.record.vm, nonce: job.record.nonce)
        return .awaited { () async throws(Failure) in
            defer { withExtendedLifetime(place) {} }
            _ = try await outcomes.outcome(of: awaited, until: .now + time)
            return try await read(id)
        }
    }

    private func read(_ id: JobID) async throws(Failure) -> JobDetails {
        if let job = try await store.job(id) { return job }
        throw .unknownJob(id)
    }
}

extension CrashPoint {
    /// The request is checked, and not accepted yet.
    fileprivate static let accepting = CrashPoint("gateway.accepting")
    /// The request is accepted, and its caller does not know yet.
    fileprivate static let accepted = CrashPoint("gateway.accepted")
}
