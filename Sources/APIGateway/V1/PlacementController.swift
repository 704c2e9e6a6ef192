import API
import Model

/// `/v1/placements` and `/v1/capacity`: what would be.
struct PlacementController: Sendable {
    let service: PlacementService

    @Sendable
    func dryRun(_ call: V1Call<DryRunRequest>) async throws(Failure) -> V1Response<DryRunResponse> {
        let decisions = try await service.dryRun(call.body).map(DecisionResponse.init)
        return try V1Response(DryRunResponse(decisions: decisions))
    }

    @Sendable
    func capacity(_ call: V1Call<NoBody>) async throws(Failure) -> V1Response<CapacityResponse> {
        let (types, capacity, time) = try await service.capacity()
        let asOf = Timestamp.text(milliseconds: time)
        return try V1Response(CapacityResponse(asOf: asOf, types: types, capacity: capacity))
    }
}
