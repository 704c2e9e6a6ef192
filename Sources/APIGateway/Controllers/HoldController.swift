import Hummingbird
import Model
import Store

/// Holds as resources, on the wire.
struct HoldController: Sendable {
    let service: VMService
    let store: Store

    private struct Body: Encodable {
        let id: VMID
        let state = "held"
        let type: TypeID
        let pmID: PMID
        let expiresAt: String
        var jobID: JobID?

        private enum CodingKeys: String, CodingKey {
            case id, state
            case type = "instance_type"
            case pmID = "pm_id"
            case expiresAt = "expires_at"
            case jobID = "job_id"
        }

        init(_ hold: Hold, job: JobID? = nil) {
            (id, type, pmID, expiresAt, jobID) = (hold.id, hold.type, hold.pm, hold.expiresAt, job)
        }
    }

    /// `POST /v1/holds`: 201 with the hold, or 202 with the job that goes on.
    @Sendable
    func create(_ request: Request, _ context: GatewayContext) async throws(Failure) -> ResourceReply {
        let wish: HoldWish = try await JSONBody.read(request)
        let submission = try await service.submit(wish, waits: !request.prefersNotToWait, request: context.requestID)
        return try await ResourceReply(submission, request: context.requestID) { accepted async throws(Failure) in
            guard let hold = try await store.hold(accepted.vm) else { return try .gone(accepted, status: .created) }
            return try ResourceReply(
                Body(hold, job: accepted.job),
                status: .created,
                location: "/v1/holds/\(accepted.vm)"
            )
        }
    }

    /// `GET /v1/holds/{id}`.
    @Sendable
    func read(_ request: Request, _ context: GatewayContext) async throws(Failure) -> ResourceReply {
        let id: VMID = try context.identifier()
        guard let hold = try await store.hold(id) else { throw .unknownHold(id) }
        return try ResourceReply(Body(hold))
    }

    /// `DELETE /v1/holds/{id}`: gives the room back.
    @Sendable
    func release(_ request: Request, _ context: GatewayContext) async throws(Failure) -> ResourceReply {
        let submission = try await service.release(
            try context.identifier(),
            waits: !request.prefersNotToWait,
            request: context.requestID
        )
        return try await ResourceReply(submission, request: context.requestID) { accepted throws(Failure) in
            try .gone(accepted)
        }
    }
}
