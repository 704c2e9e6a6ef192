import Model

/// Keeps a request to the machine that it names, and from those that it excludes.
package struct NamedFilter: PlacementFilter {
    /// Why a machine is none of those.
    package enum Objection: Int, PlacementObjection {
        /// Another one is asked for, or this one is excluded.
        case other, excluded

        /// It does not satisfy the constraints of the request.
        package var kind: PlacementObjectionKind { .excluded }

        /// The objection in words.
        package var text: String { self == .other ? "another PM is asked for" : "excluded by the request" }
    }

    /// `named`.
    package let name = "named"

    package init() {}

    /// Requests that name machines.
    package func concerns(_ request: PlacementRequest) -> Bool {
        request.constraints.pm != nil || !request.constraints.notPMs.isEmpty
    }

    /// Refuses what is not the machine that is named, and what is excluded.
    package func objection(
        to row: PMRow,
        at index: Int,
        of fleet: FleetSnapshot,
        for request: PlacementRequest
    ) -> Objection? {
        if let wanted = request.constraints.pm, wanted != row.id { return .other }
        return request.constraints.notPMs.contains(row.id) ? .excluded : nil
    }

    /// What the request names.
    package func figures(at index: Int, of fleet: FleetSnapshot, for request: PlacementRequest) -> String {
        request.constraints.pm.map { "PM \($0) is asked for" } ?? "\(request.constraints.notPMs.count) PMs are excluded"
    }
}
