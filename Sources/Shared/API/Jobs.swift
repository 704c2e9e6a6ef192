package import Model
package import Placement

extension Endpoints {
    package static let explainJob = Endpoint<NoBody, ExplanationResponse>(
        v1: "explainJob",
        .get,
        "/v1/jobs/{id}/explanation",
        "Shows how a job's place was decided, and where the job stands."
    )

    static let jobs = [explainJob.description]
}

/// How a job's place was decided, and where the job stands.
package struct ExplanationResponse: Codable, Hashable, Sendable {
    package let jobID: JobID
    package let kind: String
    package let state: String
    package let vmID: VMID
    package let pmID: PMID?
    package let triedPMIDs: [PMID]
    package let explanation: PlacementExplanation?
    /// What was done on its PMs, in that order.
    package let steps: [StepResponse]
    /// Of a destroy: the files that its VM used and that stay on the PM.
    package let left: [String]?
    package let code: String?
    package let detail: String?
    package let cause: String?

    private enum CodingKeys: String, CodingKey {
        case kind, state, explanation, steps, left, code, detail, cause
        case jobID = "job_id"
        case vmID = "vm_id"
        case pmID = "pm_id"
        case triedPMIDs = "tried_pm_ids"
    }

    package init(
        jobID: JobID,
        kind: Job.Kind,
        state: Job.State,
        vmID: VMID,
        pmID: PMID?,
        triedPMIDs: [PMID],
        explanation: PlacementExplanation?,
        steps: [StepRecord],
        left: [String]?,
        failure: Failure?
    ) {
        self.jobID = jobID
        self.kind = kind.rawValue
        self.state = state.rawValue
        self.vmID = vmID
        self.pmID = pmID
        self.triedPMIDs = triedPMIDs
        self.explanation = explanation
        self.steps = steps.map(StepResponse.init)
        self.left = left
        code = failure?.code.rawValue
        detail = failure?.message
        cause = failure?.cause
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

    private enum CodingKeys: String, CodingKey {
        case name, epoch, detail
        case pmID = "pm_id"
        case startedAt = "started_at"
        case endedAt = "ended_at"
        case undoneAt = "undone_at"
    }

    package init(_ step: StepRecord) {
        (name, pmID, epoch, startedAt) = (step.name, step.pm, step.epoch, step.startedAt)
        (endedAt, detail, undoneAt) = (step.endedAt, step.detail, step.undoneAt)
    }
}

/// An accepted request without an object to show: its job goes on, or what it was about is no more.
package struct JobReceipt: Codable, Hashable, Sendable {
    package enum State: String, Codable, CaseIterable, Hashable, Sendable {
        /// The job goes on.
        case accepted
        /// The job is done, and what it was about is no more.
        case gone
    }

    package let id: VMID
    package let jobID: JobID
    package let state: State
    /// Of a destroy: the files that its VM used and that stay on the PM.
    package let left: [String]?

    private enum CodingKeys: String, CodingKey {
        case id, state, left
        case jobID = "job_id"
    }

    package init(id: VMID, jobID: JobID, state: State, left: [String]? = nil) {
        (self.id, self.jobID, self.state, self.left) = (id, jobID, state, left)
    }
}
