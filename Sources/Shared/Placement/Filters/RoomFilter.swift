public import Model

/// Passes machines with room for the VM in each resource.
public struct RoomFilter: PlacementFilter {
    /// Makes the filter.
    public init() {}

    /// Objects where a resource is short, and says by how much.
    public func objection(to machine: PhysicalMachine, for request: PlacementRequest) -> PlacementObjection? {
        let free = machine.free
        guard !request.needs.fits(in: free) else { return nil }
        let missing = (request.needs - free).combined(with: .zero, by: max)
        let terms = [(missing.cpu, "CPUs"), (missing.ram, "MiB of memory"), (missing.disk, "GiB of disk")]
        let lacks = terms.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
        return PlacementObjection(.noRoom, "lacks \(lacks)")
    }
}
