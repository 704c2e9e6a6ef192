import Model

/// Prefers the machine that was used longest ago; one that was never used comes before all.
package struct LeastRecentlyUsedWeigher: PlacementWeigher {
    /// `last_used`.
    package let name = "last_used"

    package init() {}

    /// The number of the placement that used the machine last, as a share of all.
    package func weight(
        of row: PMRow,
        at index: Int,
        in fleet: FleetSnapshot,
        for request: PlacementRequest
    ) -> Double {
        Double(row.lastUsed) * fleet.useShare
    }
}
