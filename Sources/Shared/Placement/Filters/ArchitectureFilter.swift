import Model

/// Passes machines of the architecture that the request asks for.
public struct ArchitectureFilter: PlacementFilter {
    /// The one objection.
    public enum Objection: Int, PlacementObjection {
        /// It is of another one.
        case other

        /// It is none that the request may go to.
        public var kind: PlacementObjectionKind { .excluded }

        /// The objection in words.
        public var text: String { "another architecture" }
    }

    /// `architecture`.
    public let name = "architecture"

    /// Makes the filter.
    public init() {}

    /// Requests that ask for one.
    public func concerns(_ request: PlacementRequest) -> Bool { request.constraints.architecture != nil }

    /// Refuses machines of another architecture, and those that did not tell theirs when they were looked at.
    public func objection(
        to row: PMRow,
        at index: Int,
        of fleet: FleetSnapshot,
        for request: PlacementRequest
    ) -> Objection? {
        guard row.availability != .unexplored else { return nil }
        return fleet.entries[index].machine.architecture == request.constraints.architecture ? nil : .other
    }

    /// The machine's architecture.
    public func figures(at index: Int, of fleet: FleetSnapshot, for request: PlacementRequest) -> String {
        fleet.entries[index].machine.architecture ?? "not known"
    }
}
