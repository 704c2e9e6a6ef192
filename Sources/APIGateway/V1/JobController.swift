import API
import Model
import Store

/// `/v1/jobs`.
struct JobController: Sendable {
    let store: Store

    @Sendable
    func explanation(_ call: V1Call<NoBody>) async throws(Failure) -> V1Response<ExplanationResponse> {
        let id: JobID = try call.identifier()
        guard let job = try await store.explanation(of: id) else {
            throw Failure(
                .unknownJob,
                "there is no job \(id), or it ended so long ago that its record is gone (HVC_JOB_HISTORY)"
            )
        }
        let steps = try await store.steps(of: id).sorted { $0.key < $1.key }.map(\.value)
        return try V1Response(
            ExplanationResponse(
                jobID: job.job,
                kind: job.kind,
                state: job.state,
                vmID: job.vm,
                pmID: job.pm,
                triedPMIDs: job.tried,
                explanation: job.decision,
                steps: steps,
                left: job.left,
                failure: job.failure
            )
        )
    }
}
