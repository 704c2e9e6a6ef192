public import Model

/// Prefers the machine with the least load a CPU, as measured.
public struct LoadWeigher: PlacementWeigher {
    /// `load_per_cpu`.
    public let name = "load_per_cpu"

    /// Makes the weigher.
    public init() {}

    /// The one-minute load average over the CPUs.
    public func weight(of machine: PhysicalMachine, for request: PlacementRequest) -> Double {
        guard let measure = machine.measure else { return .greatestFiniteMagnitude }
        return measure.load / Double(max(measure.capacity.cpu, 1))
    }
}
