import Model
import Placement
import Testing

@Suite("Placement by networks")
struct NetworkFilterTests {
    private func decision(_ networks: [Set<VMNetwork>?], wanting wanted: [VMNetwork]) throws -> PlacementDecision {
        let machines = try networks.enumerated().map { index, networks in
            var machine = try Fleets.machine(index + 1)
            machine.networks = networks
            return machine
        }
        let request = PlacementRequest(
            vm: try Fleets.identifier(1),
            needs: Resources(cpu: 1, ram: 1, disk: 1),
            constraints: PlacementConstraints(networks: wanted)
        )
        return try #require(plan([request], on: FleetSnapshot(machines), by: .seed).first)
    }

    private let lab = VMNetwork(kind: .libvirt, name: "lab")
    private let bridge = VMNetwork(kind: .bridge, name: "br0", vlan: 12)

    @Test("A VM goes where all its networks are; a PM that reports none is asked by its driver")
    func chosen() throws {
        let fleet: [Set<VMNetwork>?] = [[], [lab], [lab, bridge.onPM]]
        #expect(try decision(fleet, wanting: [lab, bridge]).machine?.value == 3)
        #expect(try decision(fleet, wanting: [lab]).machine?.value == 2)
        #expect(try decision(fleet, wanting: []).machine?.value == 1)
        #expect(try decision([nil], wanting: [lab]).machine?.value == 1)
    }

    @Test("Where no PM has them, the refusal says so, and what each has")
    func refused() throws {
        let decision = try decision([[], [lab]], wanting: [bridge])
        #expect(decision.machine == nil)
        let text = String(describing: decision.explanation)
        #expect(text.contains("lacks a network of the VM"), "\(text)")
    }
}
