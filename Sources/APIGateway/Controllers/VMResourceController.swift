import HTTPTypes
import Hummingbird
import Model
import Store

/// VMs and holds as resources, on the wire.
struct VMResourceController: Sendable {
    let service: VMService
    let store: Store

    /// An accepted request.
    private struct Accepted: Encodable {
        let id: VMID
        let jobID: JobID
        let state: String
        var pmID: PMID?
        var expiresAt: String?

        private enum CodingKeys: String, CodingKey {
            case id, state
            case jobID = "job_id"
            case pmID = "pm_id"
            case expiresAt = "expires_at"
        }
    }

    private struct HoldBody: Encodable {
        let hold: Hold

        private enum CodingKeys: String, CodingKey {
            case id
            case type = "instance_type"
            case pmID = "pm_id"
            case expiresAt = "expires_at"
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(hold.id, forKey: .id)
            try container.encode(hold.type, forKey: .type)
            try container.encode(hold.pm, forKey: .pmID)
            try container.encode(hold.expiresAt, forKey: .expiresAt)
        }
    }

    /// `POST /v1/vms`: 201 with the VM that runs, or 202 with the job that goes on.
    @Sendable
    func create(_ request: Request, _ context: GatewayContext) async throws(Failure) -> ResourceReply {
        let wish: VMWish = try await JSONBody.read(request)
        let submission = try await service.submit(
            wish,
            waits: !request.prefersNotToWait,
            request: context.requestID
        )
        return try await reply(submission, created: "running", context)
    }

    /// `POST /v1/holds`: 201 with the hold.
    @Sendable
    func hold(_ request: Request, _ context: GatewayContext) async throws(Failure) -> ResourceReply {
        let wish: HoldWish = try await JSONBody.read(request)
        let submission = try await service.submit(wish, request: context.requestID)
        return try await reply(submission, created: "held", context)
    }

    /// `GET /v1/holds/{id}`.
    @Sendable
    func readHold(_ request: Request, _ context: GatewayContext) async throws(Failure) -> ResourceReply {
        let id: VMID = try context.identifier()
        guard let hold = try await store.hold(id) else { throw .unknownHold(id) }
        return ResourceReply(HoldBody(hold: hold))
    }

    /// `DELETE /v1/holds/{id}`: gives the room back.
    @Sendable
    func release(_ request: Request, _ context: GatewayContext) async throws(Failure) -> ResourceReply {
        let submission = try await service.release(try context.identifier(), request: context.requestID)
        return try await reply(submission, created: nil, context)
    }

    private func reply(
        _ submission: VMService.Submission,
        created state: String?,
        _ context: GatewayContext
    ) async throws(Failure) -> ResourceReply {
        let (vm, job) = (submission.accepted.vm, submission.accepted.job)
        switch submission.result {
        case .failure(let failure): return ResourceReply(Problem(failure, job: job, request: context.requestID))
        case .success:
            guard let state else { return ResourceReply(Accepted(id: vm, jobID: job, state: "gone")) }
            let hold = state == "held" ? try await store.hold(vm) : nil
            let pm = try await store.summary(of: vm)?.pm
            let body = Accepted(id: vm, jobID: job, state: state, pmID: pm, expiresAt: hold?.expiresAt)
            return ResourceReply(body, status: .created, location: hold == nil ? nil : "/v1/holds/\(vm)")
        case nil:
            let body = Accepted(id: vm, jobID: job, state: "accepted")
            return ResourceReply(body, status: .accepted, location: "/v1/jobs/\(job)/explanation")
        }
    }
}
