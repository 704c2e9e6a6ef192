import API
import HTTPTypes
import Hummingbird
import Model
import NIOCore
import Store

/// An answer of a call under `/v1/`, of the type that its endpoint has.
struct V1Response<Object: Codable & Sendable>: Sendable {
    var response: Response

    init(response: Response) { self.response = response }

    /// An answer with a value.
    ///
    /// - Parameters:
    ///   - value: the value.
    ///   - status: the status.
    ///   - location: where the value can be read again.
    /// - Throws: `Failure` where the value cannot be written as JSON.
    init(_ value: Object, status: HTTPResponse.Status = .ok, location: String? = nil) throws(Failure) {
        try self.init(json: value, status, location: location)
    }

    /// An answer about what is no more.
    init(gone vm: VMGone) throws(Failure) { try self.init(json: vm, .ok) }

    /// An object that clients may ask for again to learn whether it has changed: it has a tag.
    ///
    /// - Parameters:
    ///   - object: the object.
    ///   - version: its version; nil where the tag is to follow from what the answer says.
    ///   - call: the call, which may want some of its fields alone.
    /// - Throws: `Failure` where the object cannot be written as JSON.
    init<Body>(object: Object, version: Int? = nil, for call: V1Call<Body>) throws(Failure) {
        let bytes: ByteBuffer
        if let fields = try FieldSelection(call.query, of: Schema(of: Object.self)) {
            bytes = try JSONBody.bytes(fields.applied(to: try JSONBody.value(object)))
        } else {
            bytes = try JSONBody.bytes(object)
        }
        let tag = version.map { EntityTag.tag($0) } ?? EntityTag.tag(of: bytes)
        response = Response(
            status: .ok,
            headers: [.contentType: "application/json", .eTag: tag],
            body: ResponseBody(byteBuffer: bytes)
        )
    }

    /// An object of which something is found all the time, which is no reason to refuse what people set: its tag names both.
    init<Body>(object: Object, settings version: Int, for call: V1Call<Body>) throws(Failure) {
        try self.init(object: object, for: call)
        if let tag = response.headers[.eTag] {
            response.headers[.eTag] = EntityTag.tag("\(version)-\(tag.filter { $0 != "\"" })")
        }
    }

    init(json value: some Encodable, _ status: HTTPResponse.Status = .ok, location: String? = nil) throws(Failure) {
        var headers: HTTPFields = [.contentType: "application/json"]
        if let location { headers[.location] = location }
        response = Response(
            status: status,
            headers: headers,
            body: ResponseBody(byteBuffer: try JSONBody.bytes(value))
        )
    }

    /// The answer to a request that was accepted, after the wait of its caller.
    static func answer(
        _ answer: Answer<JobService.Submission>,
        of service: VMService,
        _ call: V1Call<some APIRequest>,
        success: @escaping @Sendable (Acceptance) async throws(Failure) -> V1Response
    ) async throws(Failure) -> Answer<V1Response> {
        let request = call.requestID
        return try await answer.map { (submission) async throws(Failure) in
            try await V1Response(submission, of: service, request: request, success: success)
        }
    }

    /// An answer to a request that was accepted: 202 while the job goes on, a problem document where it failed.
    ///
    /// - Parameters:
    ///   - submission: the job, with what became of it.
    ///   - service: reads the job and its VM.
    ///   - request: the id of the request.
    ///   - success: the answer where the job is done.
    /// - Throws: `Failure` where the answer cannot be written as JSON.
    private init(
        _ submission: JobService.Submission,
        of service: VMService,
        request: String,
        success: (Acceptance) async throws(Failure) -> V1Response
    ) async throws(Failure) {
        let accepted = submission.accepted
        switch submission.result {
        case .success:
            // What was made cannot be read now: that is no failure of the job, which must not be asked for again.
            do throws(Failure) { self = try await success(accepted) } catch {
                self = try .accepted(await service.receipt(for: submission))
            }
        case .failure(let failure):
            response = Problem(failure, job: accepted.job, request: request).response(for: failure)
        case nil: self = try .accepted(await service.receipt(for: submission))
        }
        response.headers[.job] = accepted.job.description
        if accepted.isReplay { response.headers[.idempotencyReplayed] = "true" }
    }

    /// The job goes on: its outcome is to be asked for.
    private static func accepted(_ receipt: JobAccepted) throws(Failure) -> Self {
        try Self(json: receipt, .accepted, location: "/v1/jobs/\(receipt.job.id)")
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
        try Self(json: VMGone(id: accepted.vm, jobID: accepted.job, left: left), status)
    }
}
