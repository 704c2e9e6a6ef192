import Model
import Placement
import Testing

@Suite("Capacity and drains")
struct CapacityTests {
    private static let small = Resources(cpu: 1, ram: 512, disk: 1)

    private func tenant(_ vm: Int, groups: [String: GroupRule] = [:]) throws -> PlacementRequest {
        PlacementRequest(
            vm: try Fleets.identifier(vm),
            needs: Self.small,
            constraints: PlacementConstraints(groups: groups)
        )
    }

    /// A machine with CPUs for so many VMs, and some on it.
    private func machine(_ number: Int, cpu: Int, vms: Int, isCordoned: Bool = false) throws -> PhysicalMachine {
        let room = Resources(cpu: cpu, ram: 65_536, disk: 100)
        let claimed = Resources(cpu: vms, ram: vms * 512, disk: vms)
        var machine = try Fleets.machine(number, free: room, isCordoned: isCordoned, claimed: claimed)
        machine.vmCount = vms
        return machine
    }

    private func tenants(_ machines: [PhysicalMachine]) throws -> [PMID: [PlacementRequest]] {
        var (tenants, vm): ([PMID: [PlacementRequest]], Int) = ([:], 0)
        for machine in machines {
            tenants[machine.id] = try (0..<machine.vmCount).map { try tenant(vm + $0 + 1) }
            vm += machine.vmCount
        }
        return tenants
    }

    @Test("An affinity group moves as a whole, an anti-affinity group to as many PMs as it has VMs")
    func groups() throws {
        var machines = try (1...4).map { try machine($0, cpu: 4, vms: 0) }
        (machines[0].claimed, machines[0].vmCount) = (Resources(cpu: 2, ram: 1024, disk: 2), 2)
        machines[0].groups = ["pair": 2]
        let together = try (1...2).map { try tenant($0, groups: ["pair": .affinity]) }
        let pm: PMID = try Fleets.identifier(1)
        let plan = try #require(drainPlan(of: pm, tenants: together, on: FleetSnapshot(machines), by: .spread))
        #expect(plan.isPossible)
        #expect(Set(plan.moves.map(\.decision.machine)).count == 1)

        let apart = try (1...3).map { try tenant($0, groups: ["pair": .antiAffinity]) }
        let spread = try #require(drainPlan(of: pm, tenants: apart, on: FleetSnapshot(machines), by: .spread))
        #expect(Set(spread.moves.compactMap(\.decision.machine)).count == 3)
    }

    @Test("With any one PM lost: its VMs go elsewhere first, and where they cannot nothing more fits")
    func losses() throws {
        let machines = [try machine(1, cpu: 4, vms: 1), try machine(2, cpu: 4, vms: 1), try machine(3, cpu: 8, vms: 0)]
        let fleet = FleetSnapshot(machines)
        let tenants = try tenants(machines)
        let counts = capacity(for: [Self.small], of: fleet, by: .seed, losing: tenants)
        #expect(counts.machines == 3 && counts.examined == 3)
        #expect(counts.rows.first?.now == 14)
        #expect(counts.rows.first?.worstLoss?.pm.value == 3 && counts.rows.first?.worstLoss?.count == 6)
    }

    @Test("A PM that takes no VMs and has some may be lost, too")
    func closed() throws {
        let machines = [
            try machine(1, cpu: 4, vms: 1), try machine(2, cpu: 4, vms: 1),
            try machine(3, cpu: 8, vms: 8, isCordoned: true),
            try machine(4, cpu: 8, vms: 0, isCordoned: true),
        ]
        let fleet = FleetSnapshot(machines)
        let examined = fleet.costliestMachines(by: .seed, limit: 64)
        #expect(examined.map(\.value).sorted() == [1, 2, 3])
        let tenants = try tenants(machines).filter { examined.contains($0.key) }
        let row = try #require(capacity(for: [Self.small], of: fleet, by: .seed, losing: tenants).rows.first)
        #expect(row.now == 6)
        #expect(row.worstLoss?.pm.value == 3 && row.worstLoss?.vmsWithoutPlace == 2 && row.worstLoss?.count == 0)
    }
}
