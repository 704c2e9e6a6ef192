package import Model
package import Placement

/// How a job's place was decided, and where the job stands.
package struct ExplanationResponse: Codable, Hashable, Sendable {
    package let jobID: JobID
    package let kind: String
    package let state: String
    package let vmID: VMID
    package let pmID: PMID?
    package let triedPMIDs: [PMID]
    /// Why it waits for more than its turn; missing where it does not.
    package let waitsFor: String?
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
        case waitsFor = "waits_for"
    }

    package init(
        jobID: JobID,
        kind: Job.Kind,
        state: Job.State,
        vmID: VMID,
        pmID: PMID?,
        triedPMIDs: [PMID],
        waitsFor: String?,
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
        self.waitsFor = waitsFor
        self.explanation = explanation
        self.steps = steps.map(StepResponse.init)
        self.left = left
        code = failure?.code.rawValue
        detail = failure?.message
        cause = failure?.cause
    }
}
