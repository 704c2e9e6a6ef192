public import Model

/// Keeps a request from the machines that failed it before.
public struct TriedFilter: PlacementFilter {
    /// Makes the filter.
    public init() {}

    /// Refuses machines that the request names as tried.
    public func objection(to machine: PhysicalMachine, for request: PlacementRequest) -> PlacementObjection? {
        request.tried.contains(machine.id) ? PlacementObjection(.unavailable, "failed this request already") : nil
    }
}
