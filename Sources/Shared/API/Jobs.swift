package import Model

extension Endpoints {
    package static let listJobs = Endpoint<NoBody, Page<JobResponse>>(
        list: "listJobs",
        "/v1/jobs",
        filters: [
            .optionalIdentifier("vm_id"), .optionalIdentifier("pm_id"),
            .word("state", oneOf: Job.State.allCases.map(\.rawValue)),
            .word("kind", oneOf: Operation.all.map(\.kind.rawValue)),
            .optional("request_id", matching: TextPattern.request),
            .optional("project"),
        ],
        scope: .project,
        "Lists the jobs, the newest first."
    )
    package static let readJob = Endpoint<NoBody, JobResponse>(
        v1: "readJob",
        .get,
        "/v1/jobs/{id}",
        query: [.wait],
        scope: .project,
        "Shows a job; with wait, once it has ended or the wait is over."
    )
    package static let explainJob = Endpoint<NoBody, ExplanationResponse>(
        v1: "explainJob",
        .get,
        "/v1/jobs/{id}/explanation",
        scope: .project,
        "Shows how a job's place was decided, and where the job stands."
    )

    package static let cancelJob = Endpoint<NoBody, JobResponse>(
        v1: "cancelJob",
        .post,
        "/v1/jobs/{id}:cancel",
        query: [.wait],
        scope: .project,
        "Cancels a job: what it has made is taken away again."
    )
    package static let retryJob = Endpoint<NoBody, JobResponse>(
        v1: "retryJob",
        .post,
        "/v1/jobs/{id}:retry",
        query: [.wait],
        scope: .project,
        "Has a job that was given up tried again, from where it was."
    )
    package static let dropJob = Endpoint<NoBody, JobResponse>(
        v1: "dropJob",
        .post,
        "/v1/jobs/{id}:drop",
        scope: .project,
        "Takes a job that was given up out of the dead-letter list."
    )

    static let jobs = [
        listJobs.description, readJob.description, explainJob.description, cancelJob.description, retryJob.description,
        dropJob.description,
    ]
}

/// A job.
package struct JobResponse: Codable, Hashable, Sendable {
    package let id: JobID
    package let kind: String
    package let state: String
    package let vmID: VMID
    /// That of the VM; missing where its record cannot be read now.
    package let project: ProjectName?
    /// Missing where it was accepted by itself.
    package let batchID: BatchID?
    /// Missing where it has no PM yet.
    package let pmID: PMID?
    /// The request that asked for it; missing where workers made it themselves.
    package let requestID: String?
    /// How often a worker took it.
    package let attempts: Int
    /// Who took it last.
    package let worker: String?
    package let acceptedAt: String?
    package let startedAt: String?
    package let endedAt: String?
    /// When it goes on, where it was deferred.
    package let dueAt: String?
    /// How many jobs are to be taken before it; only while it is queued or waits behind another job of its VM.
    package let ahead: Int?
    /// When it will have ended, as likely earlier as later, by what jobs of its kind took lately; missing where that is not
    /// known, in a list, and once it has ended.
    package var etaAt: String?
    /// Nine in ten such jobs end within.
    package var eta: Band?
    /// When it was asked to end; it is being undone until it has ended.
    package let cancelRequestedAt: String?
    /// The job that removes what it may have left on its PM.
    package let cleanupJobID: JobID?
    /// Why it was deferred or went back to the queue.
    package let reason: String?
    /// The PMs that failed it.
    package let triedPMIDs: [PMID]
    /// What was done on its PMs, in that order; a list of jobs leaves it out.
    package let steps: [StepResponse]?
    /// Of a destroy: the files that its VM used and that stay on the PM.
    package let left: [String]?
    package let error: JobError?

    /// A span of time.
    package struct Band: Codable, Hashable, Sendable {
        package let from: String
        package let to: String

        package init(from: String, to: String) { (self.from, self.to) = (from, to) }
    }

    private enum CodingKeys: String, CodingKey {
        case id, kind, state, project, attempts, worker, ahead, eta, reason, steps, left, error
        case etaAt = "eta_at"
        case vmID = "vm_id"
        case batchID = "batch_id"
        case pmID = "pm_id"
        case requestID = "request_id"
        case acceptedAt = "accepted_at"
        case startedAt = "started_at"
        case endedAt = "ended_at"
        case dueAt = "due_at"
        case cancelRequestedAt = "cancel_requested_at"
        case cleanupJobID = "cleanup_job_id"
        case triedPMIDs = "tried_pm_ids"
    }

    package init(
        id: JobID,
        kind: Job.Kind,
        state: Job.State,
        vmID: VMID,
        project: ProjectName? = nil,
        batchID: BatchID? = nil,
        pmID: PMID? = nil,
        requestID: String? = nil,
        attempts: Int = 0,
        worker: String? = nil,
        acceptedAt: String? = nil,
        startedAt: String? = nil,
        endedAt: String? = nil,
        dueAt: String? = nil,
        ahead: Int? = nil,
        cancelRequestedAt: String? = nil,
        cleanupJobID: JobID? = nil,
        reason: String? = nil,
        triedPMIDs: [PMID] = [],
        steps: [StepRecord]? = nil,
        left: [String]? = nil,
        failure: Failure? = nil
    ) {
        (self.id, self.kind, self.state, self.vmID, self.pmID) = (id, kind.rawValue, state.rawValue, vmID, pmID)
        self.project = project
        self.batchID = batchID
        (self.requestID, self.attempts, self.worker) = (requestID, attempts, worker)
        (self.acceptedAt, self.startedAt, self.endedAt, self.dueAt) = (acceptedAt, startedAt, endedAt, dueAt)
        (self.cancelRequestedAt, self.cleanupJobID) = (cancelRequestedAt, cleanupJobID)
        (self.ahead, self.reason, self.triedPMIDs) = (ahead, reason, triedPMIDs)
        self.steps = steps?.map(StepResponse.init)
        self.left = left
        error = failure.map(JobError.init)
    }
}

/// Why a job failed.
package struct JobError: Codable, Hashable, Sendable {
    /// A `FailureCode`.
    package let code: String
    package let detail: String
    package let cause: String?
    /// What to do next.
    package let fix: String

    package init(_ failure: Failure) {
        (code, detail, cause) = (failure.code.rawValue, failure.message, failure.publicCause)
        fix = failure.code.fix
    }
}

/// A step that a job took on a PM.
package struct StepResponse: Codable, Hashable, Sendable {
    package let name: String
    package let pmID: PMID
    package let epoch: Int
    package let startedAt: String
    /// Missing where the step is under way, was cut short or has failed.
    package let endedAt: String?
    /// Why it failed, or what there is to say about it.
    package let detail: String?
    /// When what it made was taken away again.
    package let undoneAt: String?
    /// The header of the request that made the job, where it had one.
    package let traceparent: String?

    private enum CodingKeys: String, CodingKey {
        case name, epoch, detail, traceparent
        case pmID = "pm_id"
        case startedAt = "started_at"
        case endedAt = "ended_at"
        case undoneAt = "undone_at"
    }

    package init(_ step: StepRecord) {
        (name, pmID, epoch, startedAt) = (step.name, step.pm, step.epoch, step.startedAt)
        (endedAt, detail, undoneAt, traceparent) = (step.endedAt, step.detail, step.undoneAt, step.traceparent)
    }
}
