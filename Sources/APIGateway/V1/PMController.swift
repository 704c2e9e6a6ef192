import API
import HTTPTypes
import Hummingbird
import Model
import Placement
import Store

/// `/v1/pms`.
struct PMController: Sendable {
    let store: Store
    let service: PlacementService

    @Sendable
    func list(_ call: V1Call<NoBody>) async throws(Failure) -> V1Response<Page<PMResponse>> {
        let request = try call.page()
        let page = try await store.machines(after: try request.identifier(), limit: request.limit)
        return try V1Response(page, of: call) { PMResponse($0) }
    }

    @Sendable
    func read(_ call: V1Call<NoBody>) async throws(Failure) -> V1Response<PMResponse> {
        try await answer(about: try await call.pm(in: store), call)
    }

    @Sendable
    func cordon(_ call: V1Call<NoBody>) async throws(Failure) -> V1Response<PMResponse> {
        try await setCordon(true, call)
    }

    @Sendable
    func uncordon(_ call: V1Call<NoBody>) async throws(Failure) -> V1Response<PMResponse> {
        try await setCordon(false, call)
    }

    private func setCordon(_ isCordoned: Bool, _ call: V1Call<NoBody>) async throws(Failure) -> V1Response<PMResponse> {
        let pm = try await call.pm(in: store)
        let change = try await store.setCordon(isCordoned, of: pm, ifVersion: call.requiredSettings)
        return try await answer(about: pm, after: change, call)
    }

    @Sendable
    func setTags(_ call: V1Call<SetTagsRequest>) async throws(Failure) -> V1Response<PMResponse> {
        let pm = try await call.pm(in: store)
        let change = try await store.setTags(Set(call.body.tags), of: pm, ifVersion: call.requiredSettings)
        return try await answer(about: pm, after: change, call)
    }

    @Sendable
    func drain(_ call: V1Call<NoBody>) async throws(Failure) -> V1Response<DrainResponse> {
        guard call.query["dry_run"] == "true" else {
            throw Failure(
                .notSupported,
                "VMs are not moved by this version: ask with ?dry_run=true what would become of them, and cordon the PM"
            )
        }
        let plan = try await service.drain(try await call.pm(in: store))
        let moves = plan.moves.map { DrainResponse.Move(vmID: $0.vm, decision: DecisionResponse($0.decision)) }
        return try V1Response(DrainResponse(isPossible: plan.isPossible, moves: moves))
    }

    private func answer<Body>(about pm: PMID, _ call: V1Call<Body>) async throws(Failure) -> V1Response<PMResponse> {
        guard let status = try await store.machineStatus(pm) else { throw .unknownPM(pm) }
        return try V1Response(object: PMResponse(status), settings: status.settingsVersion, for: call)
    }

    private func answer<Body>(
        about pm: PMID,
        after change: RecordChange,
        _ call: V1Call<Body>
    ) async throws(Failure) -> V1Response<PMResponse> {
        switch change {
        case .changed: try await answer(about: pm, call)
        case .unknown: throw .unknownPM(pm)
        case .outdated: throw .changedSince("PM \(pm)")
        }
    }
}

extension PMResponse {
    fileprivate init(_ status: PMStatus) {
        self.init(
            machine: status.machine,
            reason: status.reason,
            hostname: status.hostname,
            kernel: status.kernel,
            domainType: status.domainType,
            domainTypeReason: status.domainTypeReason,
            cpuReason: status.cpuReason.isEmpty ? nil : status.cpuReason,
            missing: status.missing,
            checkedAt: status.checkedAt,
            measuredAt: status.measuredAt,
            unreachedBy: status.unreached
        )
    }
}
