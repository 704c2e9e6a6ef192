import Model

/// Prefers the machine that the VM fills best over all resources, so that large VMs find room elsewhere.
package struct PackingWeigher: PlacementWeigher {
    /// `packing`.
    package let name = "packing"

    package init() {}

    /// What is left over all resources, as a share, with the VM there.
    package func weight(
        of row: PMRow,
        at index: Int,
        in fleet: FleetSnapshot,
        for request: PlacementRequest
    ) -> Double {
        let left = row.sharesLeft(after: request.amounts)
        return Double((left.x + left.y + left.z) / 3)
    }
}
