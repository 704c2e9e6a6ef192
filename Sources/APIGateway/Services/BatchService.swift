import API
import Model
import Store

/// The rules of the batch calls.
struct BatchService: Sendable {
    let store: Store
    let jobs: JobService

    /// A batch that was accepted, as it is after the wait.
    struct Submission: Sendable {
        let details: BatchDetails
        let isReplay: Bool
    }

    /// Accepts a batch, and waits for the ends of all its jobs.
    func submit(
        _ creates: [BatchCreate],
        isAtomic: Bool,
        in project: ProjectName,
        roomWait: Duration?,
        waiting time: Duration,
        request: String,
        key: IdempotencyKey?
    ) async throws(Failure) -> Answer<Submission> {
        let place = time > .zero ? try jobs.limit.enter() : nil
        let deadline = ContinuousClock.now + time
        let accepted = try await jobs.accept(until: deadline) { @Sendable () async throws(Failure) in
            try await store.enqueueBatch(
                creates,
                isAtomic: isAtomic,
                project: project,
                roomWait: roomWait,
                request: request,
                key: key
            )
        }
        let id = BatchID(ofFirst: accepted.job)
        guard let place else {
            return .ready(Submission(details: try await readAccepted(id), isReplay: accepted.isReplay))
        }
        return .awaited { () async throws(Failure) in
            defer { withExtendedLifetime(place) {} }
            await jobs.waitForEnds(of: try await readAccepted(id).openJobs, until: deadline)
            return Submission(details: try await readAccepted(id), isReplay: accepted.isReplay)
        }
    }

    private func readAccepted(_ id: BatchID) async throws(Failure) -> BatchDetails {
        do throws(Failure) { return try await read(id) } catch {
            throw Failure(
                .outcomeUnknown,
                "batch \(id) was accepted, and cannot be read now: GET /v1/batches/\(id), and do not repeat the request",
                cause: "\(error)"
            )
        }
    }

    /// A batch, once all its jobs have ended or the wait is over.
    func batch(_ id: BatchID, waiting time: Duration = .zero) async throws(Failure) -> Answer<BatchDetails> {
        let details = try await read(id)
        let open = details.openJobs
        guard !open.isEmpty, time > .zero else { return .ready(details) }
        let place = try jobs.limit.enter()
        return .awaited { () async throws(Failure) in
            defer { withExtendedLifetime(place) {} }
            await jobs.waitForEnds(of: open, until: .now + time)
            return try await read(id)
        }
    }

    private func read(_ id: BatchID) async throws(Failure) -> BatchDetails {
        if let details = try await store.batch(id) { return details }
        throw .unknownBatch(id)
    }

    /// Cancels all jobs of a batch that have not ended, the youngest first: what is cancelled makes no room for another one.
    func cancel(_ id: BatchID, waiting time: Duration) async throws(Failure) -> Answer<BatchDetails> {
        let details = try await read(id)
        for job in details.openJobs.reversed() {
            do throws(Failure) { try await store.cancel(job.job) } catch {
                // It has ended since.
                guard error.code == .wrongState || error.code == .unknownJob else { throw error }
            }
        }
        return try await batch(id, waiting: time)
    }
}

extension BatchDetails {
    /// The jobs that have not ended.
    var openJobs: [Acceptance] {
        members.filter { $0.state?.isFinal == false }.map { Acceptance(job: $0.job, vm: $0.vm, nonce: $0.nonce) }
    }

    /// Why none of its jobs was done, where that is so: what became of the first.
    var failure: Failure? {
        members.allSatisfy { $0.state == .failed || $0.state == .dead } ? members.first?.failure : nil
    }
}

extension Failure {
    /// There is no such batch.
    static func unknownBatch(_ id: BatchID) -> Failure {
        Failure(
            .unknownBatch,
            "there is no batch \(id), or it is so long ago that its record is gone: /v1/batches lists them"
        )
    }
}
