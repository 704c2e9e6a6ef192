import API
import HTTPTypes
import Hummingbird
import Model
import Store

/// An answer of a call under `/v1/`, of the type that its endpoint has.
struct V1Response<Answer: Codable & Sendable>: Sendable {
    var response: Response

    /// An answer with a value.
    ///
    /// - Parameters:
    ///   - value: the value.
    ///   - status: the status.
    ///   - location: where the value can be read again.
    /// - Throws: `Failure` where the value cannot be written as JSON.
    init(_ value: Answer, status: HTTPResponse.Status = .ok, location: String? = nil) throws(Failure) {
        try self.init(json: value, status, location: location)
    }

    private init(json value: some Encodable, _ status: HTTPResponse.Status, location: String? = nil) throws(Failure) {
        var headers: HTTPFields = [.contentType: "application/json"]
        if let location { headers[.location] = location }
        response = Response(
            status: status,
            headers: headers,
            body: ResponseBody(byteBuffer: try JSONBody.bytes(value))
        )
    }

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
        success: (Acceptance) async throws(Failure) -> V1Response
    ) async throws(Failure) {
        let accepted = submission.accepted
        switch submission.result {
        case .success:
            // What was made cannot be read now: that is no failure of the job, which must not be asked for again.
            do throws(Failure) { self = try await success(accepted) } catch { self = try .accepted(accepted) }
        case .failure(let failure):
            response = Problem(failure, job: accepted.job, request: request).response(for: failure)
        case nil: self = try .accepted(accepted)
        }
        response.headers[.job] = accepted.job.description
    }

    /// The job's outcome is to be asked for.
    private static func accepted(_ accepted: Acceptance) throws(Failure) -> Self {
        try Self(
            json: JobReceipt(id: accepted.vm, jobID: accepted.job, state: .accepted),
            .accepted,
            location: "/v1/jobs/\(accepted.job)/explanation"
        )
    }

    /// What the job made or was about is no more.
    ///
    /// - Parameters:
    ///   - accepted: the request that ended it, or made it before something else did.
    ///   - status: the status.
    ///   - left: the files that a destroy left on the PM.
    /// - Returns: the answer.
    /// - Throws: `Failure` where it cannot be written as JSON.
    static func gone(
        _ accepted: Acceptance,
        status: HTTPResponse.Status = .ok,
        left: [String]? = nil
    ) throws(Failure) -> Self {
        try Self(json: JobReceipt(id: accepted.vm, jobID: accepted.job, state: .gone, left: left), status)
    }
}
