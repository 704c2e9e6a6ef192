import Foundation
import Libvirt
import Model
import TestKit
import Testing
import XML

@testable import Worker

@Suite("Networks of a PM")
struct HypervisorNetworkTests {
    private let files: TemporaryDirectory

    init() throws { files = try TemporaryDirectory() }

    private func vm(_ networks: [VMNetwork]) throws -> VirtualMachine {
        let macs = try (1...max(networks.count, 1)).map { try #require(MACAddress("52:54:00:00:00:0\($0)")) }
        return try HypervisorFixture.vm(1, constraints: PlacementConstraints(networks: networks), macs: macs)
    }

    @Test("Each card has its MAC address and is attached to its network, its bridge or its VLAN")
    func cards() throws {
        let vm = try vm([
            VMNetwork(kind: .libvirt, name: "lab"), VMNetwork(kind: .bridge, name: "br0"),
            VMNetwork(kind: .bridge, name: "ovs0", vlan: 12),
        ])
        let description = DomainDescription(
            vm: vm,
            domainType: "qemu",
            host: HostTraits(
                driver: "qemu",
                libvirtVersion: .init(number: 9_000_000),
                hostname: "h",
                capabilities: "<capabilities/>"
            ),
            traits: DomainTraits(),
            disk: "/d",
            networks: vm.constraints.networks,
            consoleLog: nil
        )
        let root = try #require(XMLElement.root(of: description.xml))
        let cards = root.child("devices")?.children("interface") ?? []
        #expect(cards.map { $0[attribute: "type"] } == ["network", "bridge", "bridge"])
        #expect(cards.map { $0.child("mac")?[attribute: "address"] } == vm.macs.map(\.description))
        #expect(cards[0].child("source")?[attribute: "network"] == "lab")
        #expect(cards[1].child("source")?[attribute: "bridge"] == "br0" && cards[1].child("vlan") == nil)
        #expect(cards[2].child("virtualport")?[attribute: "type"] == "openvswitch")
        #expect(cards[2].descendant("vlan", "tag")?[attribute: "id"] == "12")
    }

    @Test(
        "A PM's networks are listed; a VM with one that is missing, switched off or removed is refused, never without a card",
        .timeLimit(.minutes(3))
    )
    func refused() async throws {
        let host = try await PrivateLibvirtd.started(PrivateLibvirtd.Options(hasNetwork: true))
        let hypervisor = try HypervisorFixture.hypervisor(host.uri)
        var networks = try #require(try await hypervisor.networks())
        #expect(networks.map(\.name) == ["default"] && networks[0].isActive && networks[0].startsByItself)
        #expect(networks[0].bridge == "virbr0" && networks[0].hasDHCP && !networks[0].isRouted)

        let good = try vm([VMNetwork(kind: .libvirt, name: "default")])
        try await hypervisor.ensureNetwork(for: good)
        let missing = try vm([VMNetwork(kind: .libvirt, name: "default"), VMNetwork(kind: .libvirt, name: "lab")])
        var failure = await #expect(throws: Failure.self) { try await hypervisor.ensureNetwork(for: missing) }
        #expect(failure?.code == .networkUnavailable && failure?.message.contains("'lab'") == true)

        // A bridge is known to be missing only when the guest is to start.
        let image = try await HypervisorFixture.emptyImage(in: files)
        let bridged = try vm([VMNetwork(kind: .bridge, name: "br77")])
        try await hypervisor.ensureNetwork(for: bridged)
        try await hypervisor.ensureImage(image)
        try await hypervisor.ensureDisk(of: bridged, over: image)
        try await hypervisor.ensureDefined(bridged, over: image)
        failure = await #expect(throws: Failure.self) { try await hypervisor.ensureRunning(bridged) }
        #expect(failure?.code == .networkUnavailable, "\(String(describing: failure))")
        #expect(failure?.message.contains("'br77'") == true)
        try await hypervisor.remove(bridged)

        // Defined while the network was there, started once it is removed.
        try await hypervisor.ensureDisk(of: good, over: image)
        try await hypervisor.ensureDefined(good, over: image)
        try await host.virsh("net-destroy", "default")
        try await host.virsh("net-undefine", "default")
        failure = await #expect(throws: Failure.self) { try await hypervisor.ensureRunning(good) }
        #expect(failure?.code == .networkUnavailable, "\(String(describing: failure))")
        networks = try #require(try await hypervisor.networks())
        #expect(networks.isEmpty)
        try await hypervisor.remove(good)
    }
}
