import Model

/// Keeps a request from the machines that failed it before.
public struct TriedFilter: PlacementFilter {
    /// The one objection.
    public enum Objection: Int, PlacementObjection {
        /// It was tried.
        case tried

        /// It takes no such VM now.
        public var kind: PlacementObjectionKind { .unavailable }

        /// The objection in words.
        public var text: String { "failed this request already" }
    }

    /// `tried`.
    public let name = "tried"

    /// Makes the filter.
    public init() {}

    /// Requests that failed somewhere.
    public func concerns(_ request: PlacementRequest) -> Bool { !request.tried.isEmpty }

    /// Refuses machines that the request names as tried.
    public func objection(
        to row: PMRow,
        at index: Int,
        of fleet: FleetSnapshot,
        for request: PlacementRequest
    ) -> Objection? {
        request.tried.contains(row.id) ? .tried : nil
    }

    /// Whether it was tried.
    public func figures(at index: Int, of fleet: FleetSnapshot, for request: PlacementRequest) -> String {
        request.tried.contains(fleet.rows[index].id) ? "tried" : "not tried"
    }
}
