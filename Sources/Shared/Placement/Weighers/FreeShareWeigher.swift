import Model

/// Prefers the machine of which the largest share is free in its scarcest resource.
public struct FreeShareWeigher: PlacementWeigher {
    /// `free_share`.
    public let name = "free_share"

    /// Makes the weigher.
    public init() {}

    /// What is taken of the scarcest resource, as a share, with the VM there.
    public func weight(
        of row: PMRow,
        at index: Int,
        in fleet: FleetSnapshot,
        for request: PlacementRequest
    ) -> Double {
        let left = min(
            Float(Int(row.freeCPU) - request.needs.cpu) * row.cpuShare,
            Float(Int(row.freeRAM) - request.needs.ram) * row.ramShare,
            Float(Int(row.freeDisk) - request.needs.disk) * row.diskShare
        )
        return Double(1 - left)
    }
}
