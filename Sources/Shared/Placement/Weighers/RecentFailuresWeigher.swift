public import Model

/// The machine on which the fewest creates failed lately comes first.
public struct RecentFailuresWeigher: PlacementWeigher {
    /// The name under which the term stands in explanations.
    public let name = "recent_failures"

    /// Makes the weigher.
    public init() {}

    /// The number of failures since the last success, less one for each good look since.
    public func weight(of machine: PhysicalMachine, for request: PlacementRequest) -> Double {
        Double(machine.failures)
    }
}
