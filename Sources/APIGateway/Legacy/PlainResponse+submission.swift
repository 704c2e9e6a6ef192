import HTTPTypes
import Store

extension PlainResponse {
    /// An answer of the legacy API to a request that was accepted: 202 while the job goes on.
    ///
    /// - Parameters:
    ///   - submission: the job, with what became of it.
    ///   - body: what the call answers.
    ///   - failing: what it answers where the job failed.
    init(_ submission: JobService.Submission, body: String, failing: String) {
        switch submission.result {
        case .success: self.init(body)
        case .failure(let failure): self.init(failure: failure, body: failing)
        case nil: self.init(body, status: .accepted)
        }
        job = submission.accepted.job
    }
}
