import Model

/// Keeps the VMs of a group together or apart, where its rule says so; the claim in the store checks the same.
package struct GroupFilter: PlacementFilter {
    /// Why a machine does not do for a group.
    package enum Objection: Int, PlacementObjection {
        /// The others are elsewhere, or another one is here.
        case elsewhere, here

        /// It does not satisfy the constraints of the request.
        package var kind: PlacementObjectionKind { .excluded }

        /// The objection in words.
        package var text: String {
            self == .elsewhere ? "its affinity group is on another PM" : "has a VM of its anti-affinity group"
        }
    }

    /// `groups`.
    package let name = "groups"

    package init() {}

    /// Requests of VMs in groups with a hard rule.
    package func concerns(_ request: PlacementRequest) -> Bool {
        request.constraints.groups.values.contains { $0 != .spread }
    }

    /// Refuses machines by the VMs of the request's groups that are on them.
    package func objection(
        to row: PMRow,
        at index: Int,
        of fleet: FleetSnapshot,
        for request: PlacementRequest
    ) -> Objection? {
        for (group, rule) in request.constraints.groups {
            let places = fleet.groups[group]
            switch rule {
            case .affinity: if let places, places[row.id] == nil { return .elsewhere }
            case .antiAffinity: if places?[row.id] != nil { return .here }
            case .spread: break
            }
        }
        return nil
    }

    /// How many VMs of each group are on the machine and in all.
    package func figures(at index: Int, of fleet: FleetSnapshot, for request: PlacementRequest) -> String {
        request.constraints.groups.sorted { $0.key < $1.key }.map { group, rule in
            let places = fleet.groups[group] ?? [:]
            return "\(group) (\(rule.rawValue)): \(places[fleet.rows[index].id] ?? 0) of \(places.values.reduce(0, +))"
        }.joined(separator: ", ")
    }
}
