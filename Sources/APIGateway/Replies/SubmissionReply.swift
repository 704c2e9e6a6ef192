import HTTPTypes
import Hummingbird
import Model
import Store

/// An accepted request whose VM or hold has nothing more to show: the job goes on, or all is gone.
struct AcceptedBody: Encodable {
    let id: VMID
    let jobID: JobID
    let state: String

    private enum CodingKeys: String, CodingKey {
        case id, state
        case jobID = "job_id"
    }
}

extension ResourceReply {
    /// An answer to a request that was accepted: 202 while the job goes on, a problem document where it failed.
    ///
    /// - Parameters:
    ///   - submission: the job, with what became of it.
    ///   - request: names the request.
    ///   - success: the answer where the job is done.
    /// - Throws: what `success` throws.
    init(
        _ submission: VMService.Submission,
        request: String,
        success: (Acceptance) async throws(Failure) -> ResourceReply
    ) async throws(Failure) {
        let accepted = submission.accepted
        switch submission.result {
        case .success: self = try await success(accepted)
        case .failure(let failure): self.init(Problem(failure, job: accepted.job, request: request))
        case nil:
            self.init(
                AcceptedBody(id: accepted.vm, jobID: accepted.job, state: "accepted"),
                status: .accepted,
                location: "/v1/jobs/\(accepted.job)/explanation"
            )
        }
    }

    /// An answer about what is no more.
    ///
    /// - Parameters:
    ///   - accepted: the request that ended it, or made it before something else did.
    ///   - status: the status.
    /// - Returns: the answer.
    static func gone(_ accepted: Acceptance, status: HTTPResponse.Status = .ok) -> ResourceReply {
        ResourceReply(AcceptedBody(id: accepted.vm, jobID: accepted.job, state: "gone"), status: status)
    }
}
