import Foundation
import Libvirt
import Model
import TestKit
import Testing
import XML

@testable import Worker

@Suite("Hypervisor, seed disks of VMs")
struct HypervisorSeedTests {
    typealias Driver = HypervisorTestbed.Driver

    private let testbed = HypervisorTestbed()
    private let files: TemporaryDirectory
    private static let content = [UInt8](repeating: 0xA5, count: 47_104)

    init() throws {
        files = try TemporaryDirectory()
    }

    @Test(
        "A VM's seed is made once, may be made again, is the domain's second disk, and goes with the VM",
        arguments: Driver.allCases
    )
    func wholeLife(driver: Driver) async throws {
        let hypervisor = try await testbed.hypervisor(driver)
        let image = try await HypervisorFixture.emptyImage(in: files)
        let vm = try HypervisorFixture.vm(12, seed: SeedSummary(hostname: try Hostname("web")))
        try await hypervisor.ensureImage(image)
        try await hypervisor.ensureDisk(of: vm, over: image)
        let missing = await #expect(throws: Failure.self) { try await hypervisor.ensureDefined(vm, over: image) }
        #expect(missing?.message.contains(vm.seedName) == true)
        for _ in 0..<2 { try await hypervisor.ensureSeed(Self.content, of: vm) }
        try await hypervisor.ensureDefined(vm, over: image)
        try await hypervisor.ensureSeed(Self.content, of: vm)
        try await hypervisor.ensureRunning(vm)
        let inventory = try await hypervisor.inventory()
        #expect(inventory.domains.first { $0.record != nil }?.record == vm)
        #expect(inventory.volumes.contains { $0.name == vm.seedName && $0.domainName == vm.domainName && !$0.isDisk })
        #expect(try await !hypervisor.removeDisk(named: vm.seedName, olderThan: .zero))
        for _ in 0..<2 { try await hypervisor.remove(vm) }
        #expect(try await hypervisor.volumes() == [image.volumeName, image.markerName].sorted())
    }

    @Test("A seed that belongs to no VM and no domain goes as a disk does", arguments: Driver.allCases)
    func withoutAnOwner(driver: Driver) async throws {
        let hypervisor = try await testbed.hypervisor(driver)
        let vm = try HypervisorFixture.vm(9, seed: SeedSummary())
        try await hypervisor.ensureSeed(Self.content, of: vm)
        #expect(try await !hypervisor.removeDisk(named: vm.seedName, olderThan: .seconds(3600)))
        #expect(try await hypervisor.removeDisk(named: vm.seedName, olderThan: .zero))
        #expect(try await hypervisor.volumes().isEmpty)
    }

    @Test("A VM without a seed has none", arguments: Driver.allCases)
    func none(driver: Driver) async throws {
        let hypervisor = try await testbed.hypervisor(driver)
        let image = try await HypervisorFixture.emptyImage(in: files)
        let vm = try HypervisorFixture.vm(12)
        try await hypervisor.ensureImage(image)
        try await hypervisor.ensureDisk(of: vm, over: image)
        try await hypervisor.ensureDefined(vm, over: image)
        #expect(try await !hypervisor.volumes().contains(vm.seedName))
    }

    /// What a volume of the pool holds.
    private func bytes(of name: String, _ hypervisor: LibvirtHypervisor) async throws -> [UInt8] {
        try await hypervisor.perform("reading") { session in
            let volume = try #require(try hypervisor.pool(in: session).volume(name: name))
            return try volume.download(offset: 0, length: 1 << 20)
        }
    }

    @Test("What was cut, is longer or is of other content is made anew, until there is a domain that has it")
    func cut() async throws {
        let host = try await PrivateLibvirtd.started()
        let hypervisor = try HypervisorFixture.hypervisor(host.uri)
        let image = try await HypervisorFixture.emptyImage(in: files)
        let vm = try HypervisorFixture.vm(3, seed: SeedSummary())
        try await hypervisor.ensureImage(image)
        try await hypervisor.ensureDisk(of: vm, over: image)
        for length in [0, 1, 40_000, 47_104, 100_000] {
            try await hypervisor.perform("cutting") { session in
                let pool = try hypervisor.pool(in: session)
                try pool.volume(name: vm.seedName)?.delete()
                let description = VolumeDescription(name: vm.seedName, format: "raw", capacity: 0)
                let volume = try pool.createVolume(xml: description.xml)
                let other = [UInt8](repeating: 1, count: length)
                try volume.upload(bytes: other, cancellation: session.cancellation)
            }
            try await hypervisor.ensureSeed(Self.content, of: vm)
            #expect(try await bytes(of: vm.seedName, hypervisor) == Self.content, "\(length)")
        }
        try await hypervisor.ensureDefined(vm, over: image)
        try await hypervisor.ensureSeed([1], of: vm)
        #expect(try await bytes(of: vm.seedName, hypervisor) == Self.content)
        try await hypervisor.remove(vm)
    }

    @Test("The domain has the seed read only, and a snapshot of its disk leaves it out and goes with the VM")
    func snapshot() async throws {
        let host = try await PrivateLibvirtd.started()
        let hypervisor = try HypervisorFixture.hypervisor(host.uri)
        let image = try await HypervisorFixture.emptyImage(in: files)
        let vm = try HypervisorFixture.vm(4, seed: SeedSummary())
        try await hypervisor.ensureImage(image)
        try await hypervisor.ensureDisk(of: vm, over: image)
        try await hypervisor.ensureSeed(Self.content, of: vm)
        try await hypervisor.ensureDefined(vm, over: image)
        let root = try #require(XMLElement.root(of: try await host.virsh("dumpxml", vm.domainName)))
        let disks = (root.child("devices")?.children ?? []).filter { $0.localName == "disk" }
        #expect(disks.map { $0.child("target")?[attribute: "dev"] } == ["vda", "vdb"])
        #expect(disks.map { $0.child("readonly") != nil } == [false, true])
        #expect(disks[1].child("source")?[attribute: "file"]?.hasSuffix("/" + vm.seedName) == true)
        _ = try await host.virsh("snapshot-create-as", vm.domainName, "before", "--disk-only")
        let volumes = try await hypervisor.volumes()
        #expect(volumes.count { $0.hasPrefix(vm.domainName) } == 3, "\(volumes)")
        #expect(try await hypervisor.remove(vm).isEmpty)
        #expect(try await hypervisor.volumes() == [image.volumeName, image.markerName].sorted())
    }
}
