package import Model
import RedisClient

/// A job's record.
package struct JobRecord: Hashable, Sendable {
    package let id: JobID
    package let kind: Job.Kind
    package let state: Job.State
    /// The VM that it is about.
    package let vm: VMID
    /// The project of that VM.
    package let project: ProjectName
    /// Its PM; nil where it has none.
    package let pm: PMID?
    /// The HTTP request that asked for it; nil where nobody did.
    package let request: String?
    /// What tells it from a job of another history of Redis; nil where nobody asked for it.
    package let nonce: JobNonce?
    package let acceptedAt: String?
    package let startedAt: String?
    package let endedAt: String?
    /// Who took it last.
    package let worker: String?
    /// How often it was taken.
    package let attempts: Int
    /// The PMs that failed it, in that order.
    package let tried: [PMID]
    /// When people had it cancelled; nil where they did not.
    package let cancelRequestedAt: String?
    /// The job that removes what this one may have left; nil where it has left nothing.
    package let cleanup: JobID?
    /// Why it was deferred or went back to the queue last; nil where it did not.
    package let reason: String?
    /// Of a destroy: the files that its VM used and that stay on the PM.
    package let left: [String]
    /// The batch with which it was accepted; nil where it was accepted by itself.
    package let batch: BatchID?
    /// Why it failed; nil where it did not.
    package let failure: Failure?
}

extension JobRecord {
    /// Reads the hash `job:<id>`.
    init(_ id: JobID, record: [String: String], key: String) throws(Failure) {
        let fields = RecordFields(record, key: key)
        let state = try fields.needed("state") { Job.State(rawValue: $0) }
        self.init(
            id: id,
            kind: try fields.needed("kind") { Job.Kind(rawValue: $0) },
            state: state,
            vm: try fields.needed("vm") { VMID($0) },
            project: try fields.value("project") { ProjectName($0) } ?? .default,
            pm: try fields.value("pm") { PMID($0) },
            request: fields["request"],
            nonce: JobNonce(fields["nonce"]),
            acceptedAt: fields["accepted_at"],
            startedAt: fields["started_at"],
            endedAt: fields["finished_at"],
            worker: fields["worker"],
            attempts: try fields.value("attempts") { Int($0) } ?? 0,
            tried: try fields.value("tried") { [PMID](numbers: $0) } ?? [],
            cancelRequestedAt: fields["cancel_requested_at"],
            cleanup: try fields.value("cleanup_job") { JobID($0) },
            reason: state.isFinal ? nil : fields[state == .delayed ? "put_off" : "handed_back"],
            left: fields["left"]?.split(separator: "\n").map(String.init) ?? [],
            batch: try fields.value("batch") { BatchID($0) },
            failure: Failure(record: fields["error_code"], fields["error"], fields["cause"])
        )
    }
}

extension Array {
    /// Reads numbers with commas between; nil where one is none.
    init?<Entity>(numbers text: String) where Element == Identifier<Entity> {
        let words = text.split(separator: ",")
        self = words.compactMap { Identifier<Entity>($0) }
        if count != words.count { return nil }
    }
}

/// A job with what stands beside its record.
package struct JobDetails: Hashable, Sendable {
    package let record: JobRecord
    /// What was done on its PMs, in that order.
    package let steps: [StepRecord]
    /// How many jobs are to be taken before it; nil unless it is queued or waits behind another job of its VM.
    package let ahead: Int?
    /// When it is due; nil unless it was deferred.
    package let due: String?
    /// When it was read, in ms since 1970 by the clock of Redis.
    package let readAt: Int

    package init(
        record: JobRecord,
        steps: [StepRecord] = [],
        ahead: Int? = nil,
        due: String? = nil,
        readAt: Int = 0
    ) {
        (self.record, self.steps, self.ahead, self.due, self.readAt) = (record, steps, ahead, due, readAt)
    }

    /// The seconds since a worker took it; nil where none has.
    package var secondsRunning: Double? { seconds(since: record.startedAt) }

    /// The seconds until it is due; nil unless it was deferred.
    package var secondsUntilDue: Double? { seconds(since: due).map { -$0 } }

    private func seconds(since text: String?) -> Double? {
        text.flatMap(RecordTime.milliseconds).map { Double(readAt - $0) / 1000 }
    }
}
