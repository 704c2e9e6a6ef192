import Model

/// Prefers the machine with the fewest VMs of the request's groups that are to be spread.
package struct GroupSpreadWeigher: PlacementWeigher {
    /// `group_spread`.
    package let name = "group_spread"

    package init() {}

    /// Requests of VMs that are to be spread.
    package func concerns(_ request: PlacementRequest, in fleet: FleetSnapshot) -> Bool {
        request.constraints.groups.values.contains(.spread)
    }

    /// How many VMs of the request's spread groups are on the machine.
    package func weight(
        of row: PMRow,
        at index: Int,
        in fleet: FleetSnapshot,
        for request: PlacementRequest
    ) -> Double {
        request.constraints.groups.reduce(0) {
            $1.value == .spread ? $0 + Double(fleet.groups[$1.key]?[row.id] ?? 0) : $0
        }
    }
}
