import Model

/// Prefers the machine of which the largest share is free in its scarcest resource.
package struct FreeShareWeigher: PlacementWeigher {
    /// `free_share`.
    package let name = "free_share"

    package init() {}

    /// What is taken of the scarcest resource, as a share, with the VM there.
    package func weight(
        of row: PMRow,
        at index: Int,
        in fleet: FleetSnapshot,
        for request: PlacementRequest
    ) -> Double {
        let left = row.sharesLeft(after: request.amounts)
        return Double(1 - min(left.x, left.y, left.z))
    }
}
