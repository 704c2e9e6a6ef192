import Foundation
import Model
import TestKit
import Testing

@testable import Worker

@Suite("An address that is kept for a VM", .timeLimit(.minutes(3)))
struct HypervisorReservationTests {
    private func vm(_ number: Int, on networks: [VMNetwork] = []) throws -> VirtualMachine {
        let mac = try #require(MACAddress("52:54:00:00:00:\(number < 10 ? "0" : "")\(number)"))
        let constraints = PlacementConstraints(networks: networks, reservesAddress: true)
        return try HypervisorFixture.vm(number, constraints: constraints, macs: [mac])
    }

    @Test("It is in libvirt's network before the start, the same at each run, no other VM's, and goes with the VM")
    func life() async throws {
        let host = try await PrivateLibvirtd.started(PrivateLibvirtd.Options(hasNetwork: true))
        let hypervisor = try HypervisorFixture.hypervisor(host.uri, network: "default")
        let vms = try (1...6).map { try vm($0) }
        var addresses: [IPAddress] = []
        try await withThrowingTaskGroup(of: IPAddress?.self) { group in
            for vm in vms { group.addTask { try await hypervisor.reserveAddress(of: vm)?.address } }
            for try await address in group { addresses.append(try #require(address)) }
        }
        #expect(Set(addresses).count == vms.count)
        let again = try #require(try await hypervisor.reserveAddress(of: vms[0]))
        #expect(addresses.contains(again.address) && again.source == .reserved && again.scope == .pm)
        for inactive in [[], ["--inactive"]] {
            let xml = try await host.virsh(["net-dumpxml", "default"] + inactive)
            #expect(xml.contains("\(vms[0].macs[0])") && xml.contains("ip='\(again.address.canonical)'"))
            #expect(xml.contains("name='\(vms[0].domainName)'"))
        }
        let networks = try #require(try await hypervisor.networks())
        let sources = AddressSources(networks: networks)
        #expect(sources.addresses(of: vms[0].macs).map(\.address) == [again.address])
        try await hypervisor.remove(vms[0])
        #expect(try await !host.virsh("net-dumpxml", "default").contains("\(vms[0].macs[0])"))
        #expect(try await host.virsh("net-dumpxml", "default").contains("\(vms[1].macs[0])"))
        // A second run finds nothing to do, whatever became of the network.
        try await hypervisor.remove(vms[0])
        try await host.virsh("net-destroy", "default")
        try await hypervisor.remove(vms[1])
        #expect(try await !host.virsh("net-dumpxml", "default").contains("\(vms[1].macs[0])"))
        try await host.virsh("net-undefine", "default")
        try await hypervisor.remove(vms[2])
    }

    @Test("A network without DHCP, or a bridge, keeps none: the refusal says so")
    func refused() async throws {
        let host = try await PrivateLibvirtd.started(PrivateLibvirtd.Options(hasNetwork: true))
        let hypervisor = try HypervisorFixture.hypervisor(host.uri, network: "default")
        let bridged = try vm(1, on: [VMNetwork(kind: .bridge, name: "br0")])
        var failure = await #expect(throws: Failure.self) { try await hypervisor.reserveAddress(of: bridged) }
        #expect(failure?.code == .networkUnavailable)
        let file = host.directory.file("silent.xml")
        let xml = "<network><name>silent</name><ip address='192.168.99.1' netmask='255.255.255.0'/></network>"
        try xml.write(toFile: file, atomically: true, encoding: .utf8)
        try await host.virsh("net-define", file)
        try await host.virsh("net-start", "silent")
        let silent = try vm(1, on: [VMNetwork(kind: .libvirt, name: "silent")])
        failure = await #expect(throws: Failure.self) { try await hypervisor.reserveAddress(of: silent) }
        #expect(failure?.code == .networkUnavailable && failure?.message.contains("no DHCP range") == true)
    }
}
