import Model
import Testing

@testable import Placement

struct MaintenanceFilter: PlacementFilter {
    enum Objection: Int, PlacementObjection {
        case soon
        var kind: PlacementObjectionKind { .unavailable }
        var text: String { "has maintenance soon" }
    }

    let name = "maintenance"

    func objection(
        to row: PMRow,
        at index: Int,
        of fleet: FleetSnapshot,
        for request: PlacementRequest
    ) -> Objection? {
        fleet.entries[index].tags.contains("maintenance") ? .soon : nil
    }

    func figures(at index: Int, of fleet: FleetSnapshot, for request: PlacementRequest) -> String {
        fleet.entries[index].tags.sorted().joined(separator: ",")
    }
}

struct FastDiskWeigher: PlacementWeigher {
    let name = "fast_disk"

    func weight(of row: PMRow, at index: Int, in fleet: FleetSnapshot, for request: PlacementRequest) -> Double {
        fleet.entries[index].tags.contains("nvme") ? 0 : 1
    }
}

/// docs/placement.md shows the two types above; what they do there they do here.
@Suite("A filter and a weigher of one's own")
struct OwnPolicyTests {
    @Test("They are used, and explained, like those that are there")
    func own() throws {
        let known = PlacementPolicy.seed
        let policy = PlacementPolicy(
            name: "own",
            filters: known.filters + [MaintenanceFilter()],
            tiers: [[PlacementPolicy.Term(FastDiskWeigher())]] + known.tiers
        )
        let machines = try ["maintenance", "", "nvme", "nvme,maintenance"].enumerated().map { number, tags in
            var machine = try Fleets.machine(number + 1)
            machine.addedTags = Set(tags.split(separator: ",").map(String.init))
            return machine
        }
        let decision = try #require(plan([try Fleets.request(1)], on: FleetSnapshot(machines), by: policy).first)
        #expect(decision.machine?.value == 3)
        #expect(decision.explanation.objections == ["has maintenance soon": 2])
        let told = decision.explanation.considered
        #expect(told.first { $0.pm.value == 2 }?.weights?["fast_disk"] == 1)
        #expect(told.first { $0.pm.value == 4 }?.filters["maintenance"] == "maintenance,nvme")
    }
}
