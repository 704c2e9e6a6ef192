package import Model

/// What would become of the VMs of a PM that is emptied.
package struct DrainPlan: Hashable, Sendable {
    /// What would become of one VM.
    package struct Move: Hashable, Sendable {
        package let vm: VMID?
        /// What it needs.
        package let needs: Resources
        /// Where it would go, and why; or why nowhere.
        package let decision: PlacementDecision
    }

    /// A move a VM, in the order in which they would be done.
    package let moves: [Move]

    /// Whether all VMs find a place.
    package var isPossible: Bool { moves.allSatisfy { $0.decision.machine != nil } }
}

/// Plans where the VMs of a PM would go if it took none any more, largest first.
///
/// Pure; the same decisions as for VMs that are created.
///
/// - Parameters:
///   - pm: the PM.
///   - tenants: its VMs.
///   - fleet: the machines as they are known.
///   - policy: which machines are fit, and which of them comes first.
/// - Returns: the plan; nil where there is no such PM.
package func drainPlan(
    of pm: PMID,
    tenants: [PlacementRequest],
    on fleet: FleetSnapshot,
    by policy: PlacementPolicy
) -> DrainPlan? {
    guard let index = fleet.index(of: pm) else { return nil }
    var fleet = fleet
    fleet.close(at: index)
    let decisions = fleet.moving(tenants, off: index, by: policy)
    let moves = zip(tenants.sortedForMoves, decisions).map { DrainPlan.Move(vm: $0.vm, needs: $0.needs, decision: $1) }
    return DrainPlan(moves: moves)
}
