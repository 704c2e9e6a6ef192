import Foundation
import Model
import Store
import Testing

@testable import Worker

extension AuditTests {
    @Test("I4: a disk without VM and domain is to go; one that is a VM's or a domain's is not")
    func disks() throws {
        var world = try World()
        let ours = world.disk(world.vm.diskName)
        let image = world.disk("hvc-image-100-abc.qcow2")
        let orphan = world.disk("hvc-7-0123abcd.qcow2")
        for orphan in [orphan, world.disk("hvc-7-0123abcd.s1"), world.disk("hvc-7-0123abcd")] {
            world.put([Self.domain(world.vm)], [ours, image, orphan])
            #expect(try world.finding().remedy == .deleteDisk(orphan.name, world.pm))
        }
        // What a snapshot made of its disk is its own.
        world.put([Self.domain(world.vm)], [ours, world.disk("\(world.vm.domainName).s1")])
        #expect(world.findings().isEmpty)
        let foreign = DomainSummary(uuid: "u", name: "hvc-7-0123abcd", isActive: false, cpu: 1, ramMiB: 1)
        world.put([Self.domain(world.vm), foreign], [ours, image, orphan])
        #expect(world.findings().isEmpty)
        let other = try #require(PMID(2))
        world.put([], [ours], on: other)
        #expect(try world.finding().remedy == nil)
    }
}
