import API
import Model

/// `/v1/placements`, `/v1/capacity` and `/v1/refusals`: what would be.
struct PlacementController: Sendable {
    let service: PlacementService

    @Sendable
    func dryRun(_ call: V1Call<DryRunRequest>) async throws(Failure) -> V1Response<DryRunResponse> {
        let (decisions, after) = try await service.dryRun(call.body)
        return try V1Response(
            DryRunResponse(decisions: decisions.map(DecisionResponse.init), after: CapacityResponse(after))
        )
    }

    @Sendable
    func capacity(_ call: V1Call<NoBody>) async throws(Failure) -> V1Response<CapacityResponse> {
        try V1Response(CapacityResponse(try await service.capacity()))
    }

    @Sendable
    func refusals(_ call: V1Call<NoBody>) async throws(Failure) -> V1Response<RefusalsResponse> {
        let window = try TimeWindow.duration(call.query["window"] ?? "7d")
        let (since, count, analysis) = try await service.refusals(within: window)
        return try V1Response(
            RefusalsResponse(since: Timestamp.text(milliseconds: since), refused: count, analysis: analysis)
        )
    }
}

extension CapacityResponse {
    fileprivate init(_ reading: PlacementService.CapacityReading) {
        self.init(asOf: Timestamp.text(milliseconds: reading.time), types: reading.types, capacity: reading.capacity)
    }
}
