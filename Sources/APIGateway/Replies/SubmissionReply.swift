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

extension Reply {
    /// An answer of the original API to a request that was accepted: 202 while the job goes on.
    ///
    /// - Parameters:
    ///   - submission: the job, with what became of it.
    ///   - body: what the call answers.
    ///   - failing: what it answers where the job failed.
    init(_ submission: VMService.Submission, body: String, failing: String) {
        switch submission.result {
        case .success: self.init(body)
        case .failure(let failure): self.init(failure: failure, body: failing)
        case nil: self.init(body, status: .accepted)
        }
        job = submission.accepted.job
    }
}

extension ResourceReply {
    /// An answer to a request that was accepted: 202 while the job goes on, a problem document where it failed.
    ///
    /// - Parameters:
    ///   - submission: the job, with what became of it.
    ///   - request: names the request.
    ///   - success: the answer where the job is done.
    /// - Throws: `Failure` where the answer cannot be written as JSON.
    init(
        _ submission: VMService.Submission,
        request: String,
        success: (Acceptance) async throws(Failure) -> ResourceReply
    ) async throws(Failure) {
        let accepted = submission.accepted
        switch submission.result {
        case .success:
            // What was made cannot be read now: that is no failure of the job, which must not be asked for again.
            do throws(Failure) { self = try await success(accepted) } catch { self = try .accepted(accepted) }
        case .failure(let failure): self.init(Problem(failure, job: accepted.job, request: request))
        case nil: self = try .accepted(accepted)
        }
        response.headers[.job] = accepted.job.description
    }

    /// An answer about a job whose outcome is to be asked for.
    private static func accepted(_ accepted: Acceptance) throws(Failure) -> ResourceReply {
        try ResourceReply(
            AcceptedBody(id: accepted.vm, jobID: accepted.job, state: "accepted"),
            status: .accepted,
            location: "/v1/jobs/\(accepted.job)/explanation"
        )
    }

    /// An answer about what is no more.
    ///
    /// - Parameters:
    ///   - accepted: the request that ended it, or made it before something else did.
    ///   - status: the status.
    /// - Returns: the answer.
    /// - Throws: `Failure` where it cannot be written as JSON.
    static func gone(
        _ accepted: Acceptance,
        status: HTTPResponse.Status = .ok
    ) throws(Failure) -> ResourceReply {
        try ResourceReply(AcceptedBody(id: accepted.vm, jobID: accepted.job, state: "gone"), status: status)
    }
}
