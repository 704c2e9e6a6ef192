import Model

/// Passes machines that have all networks to which the VM's cards are to be attached.
package struct NetworkFilter: PlacementFilter {
    /// The one objection.
    package enum Objection: Int, PlacementObjection {
        /// It lacks one.
        case lacks

        /// It does not satisfy the constraints of the request.
        package var kind: PlacementObjectionKind { .excluded }

        /// The objection in words.
        package var text: String { "lacks a network of the VM, or has it switched off" }
    }

    /// `networks`.
    package let name = "networks"

    package init() {}

    /// Requests that name networks.
    package func concerns(_ request: PlacementRequest) -> Bool { !request.constraints.networks.isEmpty }

    /// Refuses machines that lack one; of those that do not report theirs, the driver knows.
    package func objection(
        to row: PMRow,
        at index: Int,
        of fleet: FleetSnapshot,
        for request: PlacementRequest
    ) -> Objection? {
        guard let known = fleet.entries[index].machine.networks else { return nil }
        return request.constraints.networks.allSatisfy(known.has) ? nil : .lacks
    }

    /// Those that the machine has.
    package func figures(at index: Int, of fleet: FleetSnapshot, for request: PlacementRequest) -> String {
        guard let known = fleet.entries[index].machine.networks else { return "not known" }
        return known.isEmpty ? "no networks" : known.words
    }
}
