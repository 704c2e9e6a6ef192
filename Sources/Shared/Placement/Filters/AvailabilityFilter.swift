import Model

/// Passes machines that are up, listed, not cordoned, and measured not too long ago.
package struct AvailabilityFilter: PlacementFilter {
    /// Why a machine takes no VMs now.
    package enum Objection: Int, PlacementObjection {
        /// The cases of `PMRow.Availability`, and a measure that is too old.
        case unlisted, cordoned, unprobed, notUp, unmeasured, leaving, stale, alias

        /// Whether a probe may change it.
        package var kind: PlacementObjectionKind { self == .unprobed || self == .stale ? .unprobed : .unavailable }

        /// The objection in words.
        package var text: String {
            switch self {
            case .unlisted: "no longer in the PM file"
            case .cordoned: "cordoned"
            case .unprobed: "not probed yet"
            case .notUp: "not up"
            case .unmeasured: "never measured"
            case .leaving: "being emptied"
            case .stale: "measured too long ago"
            case .alias: "another PM's machine"
            }
        }
    }

    /// `state`.
    package let name = "state"
    /// It asks the machine alone.
    package var isSameForAll: Bool { true }
    /// How old a measure may be, in ms.
    package let oldest: Int

    package init(oldest: Int = .max) {
        self.oldest = oldest
    }

    /// Objects to a machine that takes no VMs now.
    package func objection(
        to row: PMRow,
        at index: Int,
        of fleet: FleetSnapshot,
        for request: PlacementRequest
    ) -> Objection? {
        switch row.availability {
        case .open: fleet.time > row.measuredAt && fleet.time - row.measuredAt > oldest ? .stale : nil
        case .unlisted: .unlisted
        case .cordoned: .cordoned
        case .unprobed: .unprobed
        case .notUp: .notUp
        case .unmeasured: .unmeasured
        case .leaving: .leaving
        case .alias: .alias
        }
    }

    /// The state, and the age of the measure.
    package func figures(at index: Int, of fleet: FleetSnapshot, for request: PlacementRequest) -> String {
        let (machine, row) = (fleet.entries[index].machine, fleet.rows[index])
        let isDated = row.measuredAt < .max && fleet.time > 0
        let age = isDated ? ", measured \(max(0, fleet.time - row.measuredAt) / 1000) s ago" : ""
        return machine.state.rawValue + age
    }
}
