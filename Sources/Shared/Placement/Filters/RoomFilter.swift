import Model

/// Passes machines with room for the VM in each resource.
package struct RoomFilter: PlacementFilter {
    /// What is short: a bit a resource, less one.
    package enum Objection: Int, PlacementObjection {
        /// One resource, two or all.
        case cpu, ram, cpuAndRAM, disk, cpuAndDisk, ramAndDisk, all

        /// It is full.
        package var kind: PlacementObjectionKind { .noRoom }

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
        let (free, needs) = (row.free, request.amounts)
        let short = (free.x < needs.x ? 1 : 0) | (free.y < needs.y ? 2 : 0) | (free.z < needs.z ? 4 : 0)
        return short == 0 ? nil : Objection(rawValue: short - 1)
    }

    /// What is free.
    package func figures(at index: Int, of fleet: FleetSnapshot, for request: PlacementRequest) -> String {
        let free = fleet.rows[index].freeResources
        return "\(free.cpu) CPUs, \(free.ram) MiB, \(free.disk) GiB free"
    }
}
