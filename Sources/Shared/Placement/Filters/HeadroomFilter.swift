import Model

/// Passes machines with headroom for the VM in each resource.
package struct HeadroomFilter: PlacementFilter {
    /// What is short: a bit a resource, less one.
    package enum Objection: Int, PlacementObjection {
        /// One resource, two or all.
        case cpu, ram, cpuAndRAM, disk, cpuAndDisk, ramAndDisk, all

        /// It is full.
        package var kind: PlacementObjectionKind { .noHeadroom }

        /// The objection in words.
        package var text: String {
            switch self {
            case .cpu: "lacks CPUs"
            case .ram: "lacks memory"
            case .disk: "lacks disk"
            case .cpuAndRAM: "lacks CPUs and memory"
            case .cpuAndDisk: "lacks CPUs and disk"
            case .ramAndDisk: "lacks memory and disk"
            case .all: "lacks CPUs, memory and disk"
            }
        }
    }

    /// `room`.
    package let name = "room"

    package init() {}

    /// Objects where a resource is short.
    package func objection(
        to row: PMRow,
        at index: Int,
        of fleet: FleetSnapshot,
        for request: PlacementRequest
    ) -> Objection? {
        let (headroom, needs) = (row.headroom, request.amounts)
        let short = (headroom.x < needs.x ? 1 : 0) | (headroom.y < needs.y ? 2 : 0) | (headroom.z < needs.z ? 4 : 0)
        return short == 0 ? nil : Objection(rawValue: short - 1)
    }

    /// Its headroom.
    package func figures(at index: Int, of fleet: FleetSnapshot, for request: PlacementRequest) -> String {
        let headroom = fleet.rows[index].headroomAmount
        return "\(headroom.cpu) CPUs, \(headroom.ram) MiB, \(headroom.disk) GiB free"
    }
}
