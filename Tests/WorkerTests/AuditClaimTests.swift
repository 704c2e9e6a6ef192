import Model
import Store
import Testing

@testable import Worker

extension AuditTests {
    @Test("I1, I4: claims that are not those of the PM's VMs are counted anew; more than may be promised is reported")
    func claims() throws {
        var world = try World()
        let recount = AuditFinding.Remedy.recount(world.pm)
        let needs = world.vm.needs
        world.snapshot.machines = [try world.machine(claimed: .zero, count: 0, claims: [:])]
        #expect(try world.finding().problem == "VM 1 is there and has no claim")
        #expect(try world.finding().remedy == recount && world.finding().row == "hvc:pm:1")
        world.snapshot.machines = [try world.machine(claimed: .zero, count: 0, claims: [world.vm.id: needs])]
        #expect(try world.finding().problem == "its sums are not those of its claims")
        let stranger = try #require(VMID(9))
        let claims = [world.vm.id: needs, stranger: needs]
        world.snapshot.machines = [try world.machine(claimed: needs + needs, count: 2, claims: claims)]
        #expect(try world.finding().invariant == .owners)
        #expect(try world.finding().remedy == recount)
        // Its guest may run: nothing is said of its claim, and nothing is done to it.
        world.snapshot.brokenVMs = [stranger]
        #expect(world.findings().isEmpty)
        world.snapshot.brokenVMs = []
        let more = needs + Resources(cpu: 1, ram: 0, disk: 0)
        world.snapshot.machines = [try world.machine(claimed: more, count: 1, claims: [world.vm.id: more])]
        #expect(try world.finding().problem == "VM 1 has another claim than it needs")
        let large = VirtualMachine(
            id: world.vm.id,
            uuid: world.vm.uuid,
            name: "",
            type: world.vm.type,
            image: world.vm.image,
            needs: Resources(cpu: 5, ram: 1, disk: 1)
        )
        world.snapshot.vms = [VMStatus(vm: large, state: .running, pm: world.pm)]
        world.snapshot.machines = [
            try world.machine(claimed: large.needs, count: 1, claims: [large.id: large.needs])
        ]
        #expect(try world.finding().problem.contains("promised"))
        #expect(try world.finding().remedy == nil)
        world.snapshot.machines = []
        world.contents = [:]
        #expect(world.findings().isEmpty, "its PM's record cannot be read, which is reported of that")
        world.snapshot.knownPMs = []
        #expect(try world.finding().problem.contains("not known"))
    }
}
