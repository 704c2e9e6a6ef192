import Model

/// Prefers the machine that was used longest ago; one that was never used comes before all.
public struct LeastRecentlyUsedWeigher: PlacementWeigher {
    /// `last_used`.
    public let name = "last_used"

    /// Makes the weigher.
    public init() {}

    /// The number of the placement that used the machine last, as a share of all.
    public func weight(
        of row: PMRow,
        at index: Int,
        in fleet: FleetSnapshot,
        for request: PlacementRequest
    ) -> Double {
        Double(row.lastUsed) * fleet.useShare
    }
}
