import API
import HTTPTypes
import Model
import Store

/// `/v1/holds`.
struct HoldController: Sendable {
    let service: VMService
    let store: Store

    /// 202 with the job; for a caller who waits, 201 with the hold.
    @Sendable
    func create(_ call: V1Call<CreateHoldRequest>) async throws(Failure) -> Answer<V1Response<HoldResponse>> {
        let answer = try await service.submit(
            call.body,
            in: try call.project(named: call.body.project),
            waiting: try call.wait(),
            request: call.requestID,
            key: try call.idempotencyKey()
        )
        return try await V1Response.answer(answer, of: service, call) { accepted async throws(Failure) in
            guard let hold = try await store.hold(accepted.vm) else { return try .gone(accepted, status: .created) }
            return try V1Response(
                HoldResponse(hold, job: accepted.job),
                status: .created,
                location: "/v1/holds/\(accepted.vm)"
            )
        }
    }

    @Sendable
    func list(_ call: V1Call<NoBody>) async throws(Failure) -> V1Response<Page<HoldResponse>> {
        let request = try call.page()
        let page = try await store.holds(
            of: try call.projectFilter(),
            after: try request.identifier(),
            limit: request.limit
        )
        return try V1Response(page, of: call) { HoldResponse($0) }
    }

    @Sendable
    func read(_ call: V1Call<NoBody>) async throws(Failure) -> V1Response<HoldResponse> {
        let id: VMID = try call.identifier()
        guard let hold = try await store.hold(id), call.ownProject == nil || hold.project == call.ownProject else {
            throw .unknownHold(id)
        }
        return try V1Response(object: HoldResponse(hold), for: call)
    }

    /// 202 with the job; for a caller who waits, 200 when its claim is released.
    @Sendable
    func release(_ call: V1Call<NoBody>) async throws(Failure) -> Answer<V1Response<VMGone>> {
        let answer = try await service.release(
            try call.identifier(),
            in: call.ownProject,
            waiting: try call.wait(),
            request: call.requestID,
            key: try call.idempotencyKey()
        )
        return try await V1Response.answer(answer, of: service, call) { accepted throws(Failure) in
            try .gone(accepted)
        }
    }
}

extension HoldResponse {
    fileprivate init(_ hold: Hold, job: JobID? = nil) {
        self.init(
            id: hold.id,
            project: hold.project,
            type: hold.type,
            pmID: hold.pm,
            expiresAt: hold.expiresAt,
            jobID: job
        )
    }
}
