import Model

/// Keeps a request from the machines that failed it before.
package struct TriedFilter: PlacementFilter {
    /// The one objection.
    package enum Objection: Int, PlacementObjection {
        /// It was tried.
        case tried

        /// It takes no such VM now.
        package var kind: PlacementObjectionKind { .unavailable }

        /// The objection in words.
        package var text: String { "failed this request already" }
    }

    /// `tried`.
    package let name = "tried"

    package init() {}

    /// Requests that failed somewhere.
    package func concerns(_ request: PlacementRequest) -> Bool { !request.tried.isEmpty }

    /// Refuses machines that the request names as tried.
    package func objection(
        to row: PMRow,
        at index: Int,
        of fleet: FleetSnapshot,
        for request: PlacementRequest
    ) -> Objection? {
        request.tried.contains(row.id) ? .tried : nil
    }

    /// Whether it was tried.
    package func figures(at index: Int, of fleet: FleetSnapshot, for request: PlacementRequest) -> String {
        request.tried.contains(fleet.rows[index].id) ? "tried" : "not tried"
    }
}
