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
            project: job.project,
            batchID: job.batch,
            pmID: job.pm,
            requestID: job.request,
            attempts: job.attempts,
            worker: job.worker,
            acceptedAt: job.acceptedAt,
            startedAt: job.startedAt,
            endedAt: job.endedAt,
            dueAt: due,
            ahead: ahead,
            cancelRequestedAt: job.cancelRequestedAt,
            cleanupJobID: job.cleanup,
            reason: job.reason,
            triedPMIDs: job.tried,
            steps: steps,
            left: job.left.isEmpty ? nil : job.left,
            failure: job.failure
        )
    }
}
