import Model

/// Keeps a request from the machines that failed it before.
package struct ExcludedFilter: PlacementFilter {
    /// The one objection.
    package enum Objection: Int, PlacementObjection {
        /// It failed this request.
        case excluded

        /// It takes no such VM now.
        package var kind: PlacementObjectionKind { .unavailable }

        /// The objection in words.
        package var text: String { "failed this request already" }
    }

    /// `tried`.
    package let name = "tried"

    package init() {}

    /// Requests that exclude a machine.
    package func concerns(_ request: PlacementRequest) -> Bool { !request.excludedPMs.isEmpty }

    /// Refuses machines that the request excludes.
    package func objection(
        to row: PMRow,
        at index: Int,
        of fleet: FleetSnapshot,
        for request: PlacementRequest
    ) -> Objection? {
        request.excludedPMs.contains(row.id) ? .excluded : nil
    }

    /// Whether it is excluded.
    package func figures(at index: Int, of fleet: FleetSnapshot, for request: PlacementRequest) -> String {
        request.excludedPMs.contains(fleet.rows[index].id) ? "tried" : "not tried"
    }
}
