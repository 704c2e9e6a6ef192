import API
import Model
import Store

extension JobResponse {
    /// A job with its steps and its place in the queue.
    init(_ job: JobDetails) {
        self.init(job.record, steps: job.steps, ahead: job.ahead, due: job.due)
    }

    /// A job; without its steps unless they are given.
    init(_ job: JobRecord, steps: [StepRecord]? = nil, ahead: Int? = nil, due: String? = nil) {
        self.init(
            id: job.id,
            kind: job.kind,
            state: job.state,
            vmID: job.vm,
            pmID: job.pm,
            requestID: job.request,
            attempts: job.attempts,
            worker: job.worker,
            acceptedAt: job.acceptedAt,
            startedAt: job.startedAt,
            endedAt: job.endedAt,
            dueAt: due,
            ahead: ahead,
            reason: job.reason,
            triedPMIDs: job.tried,
            steps: steps,
            left: job.left.isEmpty ? nil : job.left,
            failure: job.failure
        )
    }
}

extension Failure {
    /// There is no such job.
    static func unknownJob(_ id: JobID) -> Failure {
        Failure(
            .unknownJob,
            "there is no job \(id), or it ended so long ago that its record is gone (HVC_JOB_HISTORY)"
        )
    }
}
