import Model

/// Prefers the machine with the least load a CPU, as measured.
package struct LoadWeigher: PlacementWeigher {
    /// `load`.
    package let name = "load"

    package init() {}

    /// The one-minute load average over the CPUs; 0.5 at one task a CPU, towards 1 beyond.
    package func weight(
        of row: PMRow,
        at index: Int,
        in fleet: FleetSnapshot,
        for request: PlacementRequest
    ) -> Double {
        Double(row.loadScore)
    }
}
