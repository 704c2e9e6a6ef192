public import Model

/// Passes machines that are up, listed and not cordoned.
public struct AvailabilityFilter: PlacementFilter {
    /// Makes the filter.
    public init() {}

    /// Objects to a machine that takes no VMs now.
    public func objection(to machine: PhysicalMachine, for request: PlacementRequest) -> PlacementObjection? {
        if !machine.isListed { return PlacementObjection(.unavailable, "no longer in the PM file") }
        if machine.isCordoned { return PlacementObjection(.unavailable, "cordoned") }
        if !machine.isExplored { return PlacementObjection(.unexplored, "not looked at yet") }
        if machine.state != .up { return PlacementObjection(.unavailable, "state is \(machine.state.rawValue)") }
        return machine.measure == nil ? PlacementObjection(.unavailable, "never measured") : nil
    }
}
