import Model

/// Passes machines of the architecture that the request asks for.
package struct ArchitectureFilter: PlacementFilter {
    /// The one objection.
    package enum Objection: Int, PlacementObjection {
        /// It is of another one.
        case other

        /// It does not satisfy the constraints of the request.
        package var kind: PlacementObjectionKind { .excluded }

        /// The objection in words.
        package var text: String { "another architecture" }
    }

    /// `architecture`.
    package let name = "architecture"

    package init() {}

    /// Requests that ask for one.
    package func concerns(_ request: PlacementRequest) -> Bool { request.constraints.architecture != nil }

    /// Refuses machines of another architecture, and those whose probe did not report theirs.
    package func objection(
        to row: PMRow,
        at index: Int,
        of fleet: FleetSnapshot,
        for request: PlacementRequest
    ) -> Objection? {
        guard row.availability != .unprobed else { return nil }
        return fleet.entries[index].machine.architecture == request.constraints.architecture ? nil : .other
    }

    /// The machine's architecture.
    package func figures(at index: Int, of fleet: FleetSnapshot, for request: PlacementRequest) -> String {
        fleet.entries[index].machine.architecture ?? "not known"
    }
}
