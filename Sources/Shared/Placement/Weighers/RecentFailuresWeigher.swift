import Model

/// The machine on which the fewest creates failed lately comes first.
package struct RecentFailuresWeigher: PlacementWeigher {
    /// `recent_failures`.
    package let name = "recent_failures"

    package init() {}

    /// Fleets in which creates failed lately.
    package func concerns(_ request: PlacementRequest, in fleet: FleetSnapshot) -> Bool { fleet.failing > 0 }

    /// The number of failures since the last success, less one for each successful probe since.
    package func weight(
        of row: PMRow,
        at index: Int,
        in fleet: FleetSnapshot,
        for request: PlacementRequest
    ) -> Double {
        Double(row.failures)
    }
}
