import Foundation
import Libvirt
import Model
import TestKit
import Testing
import XML

@testable import Worker

/// What every hypervisor must do, on libvirt's test driver, on QEMU and on a simulated PM.
@Suite("Hypervisor, on the test driver, on QEMU and simulated")
struct HypervisorConformanceTests {
    typealias Driver = HypervisorTestbed.Driver

    private let testbed = HypervisorTestbed()
    private let files: TemporaryDirectory

    init() throws {
        files = try TemporaryDirectory()
    }

    private func hypervisor(_ driver: Driver) async throws -> any TestedHypervisor {
        try await testbed.hypervisor(driver)
    }

    @Test("An inventory reports an empty machine", arguments: Driver.allCases)
    func emptyInventory(driver: Driver) async throws {
        let inventory = try await hypervisor(driver).inventory()
        #expect(inventory.cpus > 0)
        #expect(inventory.memoryMiB > 0)
        #expect(inventory.poolCapacity > 0)
        #expect(inventory.poolAvailable > 0)
        #expect(inventory.poolAvailable <= inventory.poolCapacity)
        #expect(!inventory.hostname.isEmpty)
        #expect(!inventory.hostUUID.isEmpty)
        #expect(inventory.domainType == driver.rawValue)
        #expect(!inventory.domainTypeReason.isEmpty)
        // libvirt's test host comes with a guest of its own.
        #expect(inventory.domains.count { $0.record != nil } == 0)
        #expect(inventory.domains.count == (driver == .test ? 1 : 0))
    }

    @Test("A VM is made step by step, each step may be repeated, and nothing stays", arguments: Driver.allCases)
    func wholeLife(driver: Driver) async throws {
        let hypervisor = try await hypervisor(driver)
        let image = try await HypervisorFixture.emptyImage(in: files)
        let vm = try HypervisorFixture.vm(12, name: "<web> & \"co\" ")
        let before = try await hypervisor.inventory()
        for _ in 0..<2 {
            try await hypervisor.ensureImage(image)
            try await hypervisor.ensureDisk(of: vm, over: image)
            try await hypervisor.ensureDefined(vm, over: image)
        }
        let defined = try #require(try await hypervisor.inventory().domains.first { $0.record != nil })
        #expect(!defined.isActive)
        for _ in 0..<2 { try await hypervisor.ensureRunning(vm) }

        let running = try #require(try await hypervisor.inventory().domains.first { $0.record != nil })
        let expected = DomainSummary(
            uuid: vm.uuid.uuidString.lowercased(),
            name: vm.domainName,
            isActive: true,
            cpu: 1,
            ramMiB: 128,
            record: vm,
            cell: VirtualMachine.defaultCell
        )
        #expect(running == expected)
        // As a second worker would that took over after the first one died.
        try await hypervisor.ensureImage(image)
        try await hypervisor.ensureDisk(of: vm, over: image)
        try await hypervisor.ensureDefined(vm, over: image)
        try await hypervisor.ensureRunning(vm)
        #expect(try await hypervisor.inventory().domains.count { $0.record != nil } == 1)

        for _ in 0..<2 { try await hypervisor.remove(vm) }
        let after = try await hypervisor.inventory()
        #expect(after.domains == before.domains)
        let volumes = try await hypervisor.volumes()
        #expect(volumes == [image.volumeName, image.markerName].sorted())
    }

    @Test("An image that is larger than the VM's disk is refused", arguments: Driver.allCases)
    func imageTooLarge(driver: Driver) async throws {
        let hypervisor = try await hypervisor(driver)
        let image = try await HypervisorFixture.emptyImage(in: files, size: "1025M")
        let vm = try HypervisorFixture.vm(1)
        try await hypervisor.ensureImage(image)
        let failure = await #expect(throws: Failure.self) { try await hypervisor.ensureDisk(of: vm, over: image) }
        #expect(failure?.code == .imageTooLarge)
        let fitting = try await HypervisorFixture.emptyImage(in: files, id: 101, size: "1024M")
        try await hypervisor.ensureImage(fitting)
        try await hypervisor.ensureDisk(of: vm, over: fitting)
    }

    @Test("A domain that is not ours is listed and never touched", arguments: Driver.allCases)
    func foreign(driver: Driver) async throws {
        let hypervisor = try await hypervisor(driver)
        let image = try await HypervisorFixture.emptyImage(in: files)
        let vm = try HypervisorFixture.vm(5)
        try await hypervisor.ensureImage(image)
        try await hypervisor.ensureDisk(of: vm, over: image)
        let sameUUID = """
            <domain type='\(driver)'><name>theirs</name><uuid>\(vm.uuid)</uuid><memory unit='MiB'>64</memory>
            <os><type>hvm</type></os></domain>
            """
        try await hypervisor.define(sameUUID)
        let defining = await #expect(throws: Failure.self) { try await hypervisor.ensureDefined(vm, over: image) }
        #expect(defining?.code == .hypervisor)
        #expect(defining?.message.contains("theirs") == true)
        let starting = await #expect(throws: Failure.self) { try await hypervisor.ensureRunning(vm) }
        #expect(starting?.code == .hypervisor)
        let removing = await #expect(throws: Failure.self) { try await hypervisor.remove(vm) }
        #expect(removing?.code == .hypervisor)
        let summary = try await hypervisor.inventory().domains.first { $0.name == "theirs" }
        #expect(summary?.uuid == vm.uuid.uuidString.lowercased())
        #expect(summary?.record == nil)
        #expect(summary?.ramMiB == 64)
        #expect(try await hypervisor.volumes().contains(vm.diskName))
    }

    @Test("A foreign domain of the same name is a clear failure", arguments: Driver.allCases)
    func sameName(driver: Driver) async throws {
        let hypervisor = try await hypervisor(driver)
        let image = try await HypervisorFixture.emptyImage(in: files)
        let vm = try HypervisorFixture.vm(6)
        try await hypervisor.ensureImage(image)
        try await hypervisor.ensureDisk(of: vm, over: image)
        let sameName = """
            <domain type='\(driver)'><name>\(vm.domainName)</name><memory unit='MiB'>64</memory>
            <os><type>hvm</type></os></domain>
            """
        try await hypervisor.define(sameName)
        let failure = await #expect(throws: Failure.self) { try await hypervisor.ensureDefined(vm, over: image) }
        #expect(failure?.code == .hypervisor)
        #expect(failure?.message.contains(vm.domainName) == true)
    }

    @Test("A copy of one of our domains does not count as ours", arguments: Driver.allCases)
    func copiedRecord(driver: Driver) async throws {
        let hypervisor = try await hypervisor(driver)
        let vm = try HypervisorFixture.vm(7)
        let copy = """
            <domain type='\(driver)'><name>copy</name><metadata>\(vm.metadataElement().xmlString)</metadata>
            <memory unit='MiB'>64</memory><os><type>hvm</type></os></domain>
            """
        try await hypervisor.define(copy)
        let summary = try #require(try await hypervisor.inventory().domains.first { $0.name == "copy" })
        #expect(summary.record == nil)
    }

    @Test("Steps without what goes before them fail and say so", arguments: Driver.allCases)
    func missingSteps(driver: Driver) async throws {
        let hypervisor = try await hypervisor(driver)
        let image = try await HypervisorFixture.emptyImage(in: files)
        let vm = try HypervisorFixture.vm(8)
        let disk = await #expect(throws: Failure.self) { try await hypervisor.ensureDisk(of: vm, over: image) }
        #expect(disk?.code == .imageUnusable)
        let defining = await #expect(throws: Failure.self) { try await hypervisor.ensureDefined(vm, over: image) }
        #expect(defining?.code == .hypervisor)
        let starting = await #expect(throws: Failure.self) { try await hypervisor.ensureRunning(vm) }
        #expect(starting?.code == .hypervisor)
        try await hypervisor.remove(vm)
    }

    @Test(
        "A disk goes where no domain names it and it is old enough, and nothing else does",
        arguments: Driver.allCases
    )
    func disksWithoutAnOwner(driver: Driver) async throws {
        let hypervisor = try await hypervisor(driver)
        let image = try await HypervisorFixture.emptyImage(in: files)
        let vm = try HypervisorFixture.vm(9)
        let names = [image.volumeName, image.markerName]
        try await hypervisor.ensureImage(image)
        try await hypervisor.ensureDisk(of: vm, over: image)
        #expect(try await hypervisor.contents().volumes.map(\.name).sorted() == (names + [vm.diskName]).sorted())
        #expect(try await !hypervisor.removeDisk(named: vm.diskName, olderThan: .seconds(3600)))
        try await hypervisor.ensureDefined(vm, over: image)
        #expect(try await !hypervisor.removeDisk(named: vm.diskName, olderThan: .zero))
        try await hypervisor.remove(vm)
        try await hypervisor.ensureDisk(of: vm, over: image)
        #expect(try await hypervisor.removeDisk(named: vm.diskName, olderThan: .zero))
        for name in names + [vm.diskName] {
            #expect(try await !hypervisor.removeDisk(named: name, olderThan: .zero), "\(name)")
        }
        #expect(try await hypervisor.volumes() == names.sorted())
    }
}
