import Model
import NIOConcurrencyHelpers

/// How long the jobs took that this worker did, until that is published.
final class JobDurations: Sendable {
    private let latest = NIOLockedValueBox<[Job.Kind: [JobTimes.Sample]]>([:])

    /// Notes a job that is done; of each kind the latest are kept.
    func note(_ sample: JobTimes.Sample, of kind: Job.Kind) {
        latest.withLockedValue { latest in
            latest[kind, default: []].append(sample)
            if latest[kind]?.count ?? 0 > JobTimes.kept { latest[kind]?.removeFirst() }
        }
    }

    /// Takes what was noted since the last time.
    func take() -> [Job.Kind: [JobTimes.Sample]] {
        latest.withLockedValue { latest in
            defer { latest = [:] }
            return latest
        }
    }
}
