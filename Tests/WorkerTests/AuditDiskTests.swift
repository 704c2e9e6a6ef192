import Foundation
import Model
import Store
import Testing

@testable import Worker

extension AuditTests {
    @Test(
        "I4: an address that is kept for a VM that is not there is found; one that is the VM's, or a foreign domain's, is not"
    )
    func reservations() throws {
        var world = try World()
        let mac = try #require(MACAddress("52:54:00:00:00:01"))
        func put(_ owner: String, _ domains: [DomainSummary]) {
            let kept = AddressReservation(network: "lab", mac: mac, owner: owner)
            let disk = world.disk(world.vm.diskName)
            world.contents[world.pm] = .success(PMContents(domains: domains, volumes: [disk], reservations: [kept]))
        }
        put(world.vm.domainName, [Self.domain(world.vm)])
        #expect(world.findings().isEmpty)
        put("hvc-7-0123abcd", [Self.domain(world.vm)])
        let finding = try world.finding()
        #expect(
            finding.invariant == .owners && finding.row.contains("network lab") && finding.advice.contains("\(mac)")
        )
        let foreign = DomainSummary(uuid: "u", name: "hvc-7-0123abcd", isActive: false, cpu: 1, ramMiB: 1)
        put("hvc-7-0123abcd", [Self.domain(world.vm), foreign])
        #expect(world.findings().isEmpty)
    }

    @Test("I2: an address that the network of a VM that runs was to keep, and keeps no more, is found")
    func missingReservation() throws {
        let mac = try #require(MACAddress("52:54:00:00:00:01"))
        let other = try #require(MACAddress("52:54:00:00:00:02"))
        var world = try World(constraints: PlacementConstraints(reservesAddress: true), macs: [mac])
        for (kept, isFound) in [([mac], false), ([other], true), ([], true), (nil, false)] {
            let reservations = kept?.map {
                AddressReservation(network: "lab", mac: $0, owner: world.vm.domainName)
            }
            let disk = world.disk(world.vm.diskName)
            world.contents[world.pm] = .success(
                PMContents(domains: [Self.domain(world.vm)], volumes: [disk], reservations: reservations)
            )
            #expect(world.findings().map(\.remedy) == (isFound ? [.probe(world.pm)] : []))
        }
    }

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
