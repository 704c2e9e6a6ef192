import Model
import Store

/// Tells when jobs will have ended, from what workers measured.
///
/// What was measured is read anew after two seconds: who asks for many jobs costs Redis no more than one.
actor JobEstimates {
    private let store: Store
    private var latest: (times: JobTimes, time: ContinuousClock.Instant)?
    private static let lifetime = Duration.seconds(2)

    init(store: Store) { self.store = store }

    /// When a job will have ended, in ms since 1970; nil where that cannot be said, or it has ended.
    func estimate(_ job: JobDetails) async throws(Failure) -> (median: Int, band: ClosedRange<Int>)? {
        guard let progress = try await progress(of: job) else { return nil }
        guard let estimate = try await times().estimate(job.record.kind, progress) else { return nil }
        func time(_ seconds: Double) -> Int { job.readAt + Int(seconds * 1000) }
        return (time(estimate.median), time(estimate.band.lowerBound)...time(estimate.band.upperBound))
    }

    private func progress(of job: JobDetails) async throws(Failure) -> JobProgress? {
        let record = job.record
        guard record.cancelRequestedAt == nil else { return nil }
        switch record.state {
        case .queued: return job.ahead.map { .queued(ahead: $0) }
        case .waiting: return job.ahead.map { .behind(ahead: max(0, $0 - 1)) }
        case .delayed:
            // One without a PM waits for room or for a rule to go: when it is due is when that is given up.
            return record.pm == nil ? nil : job.secondsUntilDue.map { .deferred(seconds: $0) }
        case .running:
            guard let elapsed = job.secondsRunning, let pm = record.pm else { return nil }
            return .running(seconds: max(0, elapsed), bringsImage: try await store.bringsImage(record.vm, to: pm))
        case .done, .failed, .dead: return nil
        }
    }

    private func times() async throws(Failure) -> JobTimes {
        if let latest, .now - latest.time < Self.lifetime { return latest.times }
        let times = try await store.jobTimes(of: Operation.all.map(\.kind))
        latest = (times, .now)
        return times
    }
}
