import Foundation
import Libvirt
import Model
import TestKit
import Testing
import XML

@testable import Worker

/// Domains, networks and pools that others have changed, on QEMU.
@Suite("Hypervisor, on what others have done there")
struct HypervisorForeignHandsTests {
    private let files: TemporaryDirectory

    init() throws {
        files = try TemporaryDirectory()
    }

    /// Makes a VM and starts it; its guest finds nothing to boot.
    private func run(_ vm: VirtualMachine, on hypervisor: LibvirtHypervisor) async throws -> ImageFile {
        let image = try await HypervisorFixture.emptyImage(in: files)
        try await hypervisor.ensureImage(image)
        try await hypervisor.ensureDisk(of: vm, over: image)
        try await hypervisor.ensureDefined(vm, over: image)
        try await hypervisor.ensureRunning(vm)
        return image
    }

    private func standing(_ vm: VirtualMachine, on hypervisor: LibvirtHypervisor) async throws -> [String?] {
        let uuid = vm.uuid.uuidString.lowercased()
        let domain = try await hypervisor.inventory().domains.first { $0.uuid == uuid }
        return [domain?.state.rawValue, domain?.stateReason]
    }

    @Test(
        "A guest that is paused, killed or shut off is so in the inventory, with libvirt's reason",
        .timeLimit(.minutes(3))
    )
    func states() async throws {
        let host = try await PrivateLibvirtd.started()
        let hypervisor = try HypervisorFixture.hypervisor(host.uri)
        let vm = try HypervisorFixture.vm(1)
        _ = try await run(vm, on: hypervisor)
        #expect(try await standing(vm, on: hypervisor) == ["running", nil])
        try await host.virsh("suspend", vm.domainName)
        #expect(try await standing(vm, on: hypervisor) == ["paused", "user"])
        try await host.virsh("resume", vm.domainName)
        #expect(try await standing(vm, on: hypervisor) == ["running", nil])
        try await host.killGuest(vm.domainName)
        try await eventually("libvirt to notice") {
            try await standing(vm, on: hypervisor) == ["crashed", "crashed"]
        }
        try await hypervisor.ensureRunning(vm)
        #expect(try await standing(vm, on: hypervisor) == ["running", nil])
        try await host.virsh("destroy", vm.domainName)
        #expect(try await standing(vm, on: hypervisor) == ["stopped", "destroyed"])
        try await host.virsh("start", vm.domainName)
        try await host.virsh("managedsave", vm.domainName)
        #expect(try await standing(vm, on: hypervisor) == ["stopped", "saved"])
        // With its saved memory.
        #expect(try await hypervisor.remove(vm).isEmpty)
        #expect(try await host.virsh("list", "--all", "--name").isEmpty)
    }

    @Test(
        "A guest whose disk finds no room is paused with I/O error, and goes without a trace",
        .timeLimit(.minutes(3))
    )
    func noRoom() async throws {
        let host = try await PrivateLibvirtd.started(PrivateLibvirtd.Options(poolMiB: 4))
        let hypervisor = try HypervisorFixture.hypervisor(host.uri)
        let vm = try HypervisorFixture.vm(1)
        let image = try await HypervisorFixture.inspected(writingGuest())
        try await hypervisor.ensureImage(image)
        try await hypervisor.ensureDisk(of: vm, over: image)
        try await hypervisor.ensureDefined(vm, over: image)
        try await hypervisor.ensureRunning(vm)
        try await eventually("the pool to be full", deadline: .seconds(60), every: .milliseconds(200)) {
            try await standing(vm, on: hypervisor) == ["paused", "I/O error"]
        }
        #expect(try await hypervisor.remove(vm).isEmpty)
        #expect(try await hypervisor.volumes() == [image.volumeName, image.markerName].sorted())
    }

    @Test(
        "A network that is missing or switched off is refused by name; one that starts with libvirt is started",
        .timeLimit(.minutes(3))
    )
    func networks() async throws {
        let host = try await PrivateLibvirtd.started(PrivateLibvirtd.Options(hasNetwork: true))
        let any = try HypervisorFixture.vm(9)
        let missing = try HypervisorFixture.hypervisor(host.uri, network: "office")
        var failure = await #expect(throws: Failure.self) { try await missing.ensureNetwork(for: any) }
        #expect(failure?.code == .networkUnavailable)
        #expect(failure?.message.contains("no libvirt network 'office'") == true)
        #expect(failure?.message.contains(host.uri) == true)

        let hypervisor = try HypervisorFixture.hypervisor(host.uri, network: "default")
        try await hypervisor.ensureNetwork(for: any)
        try await host.virsh("net-destroy", "default")
        try await hypervisor.ensureNetwork(for: any)
        #expect(try await host.virsh("net-list", "--name").contains("default"))
        try await host.virsh("net-destroy", "default")
        try await host.virsh("net-autostart", "default", "--disable")
        failure = await #expect(throws: Failure.self) { try await hypervisor.ensureNetwork(for: any) }
        #expect(failure?.code == .networkUnavailable)
        #expect(failure?.message.contains("switched off") == true)
        #expect(try await !host.virsh("net-list", "--name").contains("default"))

        // Without a network a VM has no device for one; with one it has.
        try await host.virsh("net-start", "default")
        for (number, network) in [(1, PMListing.noNetwork), (2, "default")] {
            let hypervisor = try HypervisorFixture.hypervisor(host.uri, network: network)
            let vm = try HypervisorFixture.vm(number)
            _ = try await run(vm, on: hypervisor)
            let text = try await host.virsh("domiflist", vm.domainName)
            #expect(text.contains("default") == (network == "default"), "\(text)")
        }
    }

    @Test("A disk is qcow2 of version 3, which takes a snapshot and then another size", .timeLimit(.minutes(3)))
    func version() async throws {
        let host = try await PrivateLibvirtd.started()
        let hypervisor = try HypervisorFixture.hypervisor(host.uri)
        let vm = try HypervisorFixture.vm(1)
        _ = try await run(vm, on: hypervisor)
        let info = try ChildProcess("qemu-img", ["info", "-U", "\(host.imageDirectory)/\(vm.diskName)"])
        #expect(try await info.waitForExit() == .status(0) && info.text.contains("compat: 1.1"), "\(info.text)")
        try await host.virsh("snapshot-create-as", vm.domainName, "s1")
        try await host.virsh("blockresize", vm.domainName, "vda", "2G")
    }

    @Test(
        "A VM with external snapshots goes with all of its chain; what is not ours stays and is named",
        .timeLimit(.minutes(3))
    )
    func externalSnapshots() async throws {
        let host = try await PrivateLibvirtd.started()
        let hypervisor = try HypervisorFixture.hypervisor(host.uri)
        let vm = try HypervisorFixture.vm(1)
        let image = try await run(vm, on: hypervisor)
        let pool = "/var/lib/libvirt/images"
        let domain = vm.domainName
        try await host.virsh("snapshot-create-as", domain, "s1", "--disk-only")
        try await host.virsh(
            "snapshot-create-as",
            domain,
            "s2",
            "--disk-only",
            "--diskspec",
            "vda,file=\(pool)/backup-of-monday"
        )
        try await host.virsh(
            "snapshot-create-as",
            domain,
            "s3",
            "--no-metadata",
            "--disk-only",
            "--diskspec",
            "vda,file=\(pool)/top.tmp"
        )
        try await host.virsh("vol-create-as", "default", "data.qcow2", "1M", "--format", "qcow2")
        try await host.virsh("vol-create-as", "default", "others.qcow2", "1M", "--format", "qcow2")
        try await host.virsh(
            "attach-disk",
            domain,
            "\(pool)/data.qcow2",
            "vdb",
            "--persistent",
            "--subdriver",
            "qcow2"
        )
        #expect(try await hypervisor.volumes().contains("top.tmp"))
        let left = try await hypervisor.remove(vm)
        #expect(left == ["\(pool)/data.qcow2"])
        let expected = [image.volumeName, image.markerName, "data.qcow2", "others.qcow2"].sorted()
        #expect(try await hypervisor.volumes() == expected)
        #expect(try await host.virsh("list", "--all", "--name").isEmpty)
        #expect(try await hypervisor.remove(vm).isEmpty)
    }

    @Test("Internal snapshots hinder no destroy, nor does another name", .timeLimit(.minutes(3)))
    func internalSnapshotsAndNames() async throws {
        let host = try await PrivateLibvirtd.started()
        let hypervisor = try HypervisorFixture.hypervisor(host.uri)
        let vms = try (1...2).map { try HypervisorFixture.vm($0) }
        for vm in vms { _ = try await run(vm, on: hypervisor) }
        try await host.virsh("snapshot-create-as", vms[0].domainName, "inside")
        try await host.virsh("destroy", vms[1].domainName)
        try await host.virsh("domrename", vms[1].domainName, "web")
        try await host.virsh("setvcpus", "web", "2", "--config", "--maximum")
        let renamed = try await hypervisor.inventory().domains.first { $0.name == "web" }
        #expect(renamed?.drift(from: vms[1])?.hasPrefix("renamed to web") == true)
        for vm in vms { #expect(try await hypervisor.remove(vm).isEmpty) }
        #expect(try await host.virsh("list", "--all", "--name").isEmpty)
        #expect(try await hypervisor.contents().volumes.allSatisfy { $0.domainName == nil })
    }

    @Test(
        "An overlay outside of the pool stays, and so does what another domain's overlay stands on",
        .timeLimit(.minutes(3))
    )
    func othersOverlays() async throws {
        let host = try await PrivateLibvirtd.started()
        let hypervisor = try HypervisorFixture.hypervisor(host.uri)
        let vms = try (1...2).map { try HypervisorFixture.vm($0) }
        for vm in vms { _ = try await run(vm, on: hypervisor) }
        let outside = "/var/lib/libvirt/outside.s1"
        try await host.virsh(
            "snapshot-create-as",
            vms[0].domainName,
            "s1",
            "--disk-only",
            "--diskspec",
            "vda,file=\(outside)"
        )
        #expect(try await hypervisor.remove(vms[0]) == [outside])

        let disk = vms[1].diskName
        try await host.virsh("snapshot-create-as", vms[1].domainName, "s1", "--disk-only")
        try await host.virsh("pool-refresh", "default")
        try await host.virsh(
            "vol-create-as",
            "default",
            "clone.qcow2",
            "1G",
            "--format",
            "qcow2",
            "--backing-vol",
            disk,
            "--backing-vol-format",
            "qcow2"
        )
        #expect(try await hypervisor.remove(vms[1]) == ["/var/lib/libvirt/images/\(disk)"])
        let volumes = try await hypervisor.volumes()
        #expect(volumes.filter { !VolumeName($0).isImage } == ["clone.qcow2", disk])
        #expect(try await !hypervisor.removeDisk(named: disk, olderThan: .zero), "the clone stands on it")
    }

    @Test("Where another pool has the path of 'default', its name is in the refusal", .timeLimit(.minutes(3)))
    func poolOfAnotherName() async throws {
        let host = try await PrivateLibvirtd.started()
        try await host.virsh("pool-define-as", "images", "dir", "--target", "/var/lib/libvirt/images/")
        let failure = await #expect(throws: Failure.self) {
            try await HypervisorFixture.hypervisor(host.uri).inventory()
        }
        #expect(failure?.code == .hypervisor)
        #expect(failure?.message.contains("pool=images") == true, "\(failure?.description ?? "")")
        let inventory = try await HypervisorFixture.hypervisor(host.uri, pool: "images").inventory()
        #expect(inventory.poolCapacity > 0)
    }

    @Test(
        "A domain whose metadata has a number or an amount beyond all bounds is foreign, which is said once",
        .timeLimit(.minutes(3))
    )
    func numbersBeyondBounds() async throws {
        let host = try await PrivateLibvirtd.started()
        let log = Log()
        let hypervisor = try HypervisorFixture.hypervisor(host.uri, log: log)
        let vm = try HypervisorFixture.vm(7)
        let text = vm.metadataElement().xmlString
        let changes = [(#" id="7""#, #" id="9007199254740992""#), (#" cpu="1""#, #" cpu="4611686018427387904""#)]
        for (index, (part, other)) in changes.enumerated() {
            #expect(text.contains(part))
            let domain = """
                <domain type='qemu'><name>d\(index)</name><metadata>\(text.replacing(part, with: other))</metadata>
                <memory unit='MiB'>64</memory><os><type>hvm</type></os></domain>
                """
            try await hypervisor.define(domain)
        }
        for _ in 0..<2 {
            let domains = try await hypervisor.inventory().domains
            #expect(domains.count == 2 && domains.allSatisfy { $0.record == nil })
        }
        let said = await log.count(where: { $0.hasPrefix("a domain carries a record of ours that cannot be taken") })
        #expect(said == 2)
    }

    /// A boot sector that fills its disk, 32 KiB at a time, through the BIOS.
    private func writingGuest() throws -> String {
        var sector = [UInt8](repeating: 0, count: 512)
        // xor ax,ax; mov ds,ax; again: mov si,packet; mov ax,4300h; mov dl,80h; int 13h; add word [packet+8],64; jmp again
        let code: [UInt8] = [
            0x31, 0xC0, 0x8E, 0xD8, 0xBE, 0x20, 0x7C, 0xB8, 0x00, 0x43, 0xB2, 0x80, 0xCD, 0x13,
            0x83, 0x06, 0x28, 0x7C, 0x40, 0xEB, 0xEF,
        ]
        // Its size, how many sectors, from 1000h:0, to which sector on.
        let packet: [UInt8] = [0x10, 0, 0x40, 0, 0, 0, 0, 0x10, 0, 1, 0, 0, 0, 0, 0, 0]
        sector.replaceSubrange(0..<code.count, with: code)
        sector.replaceSubrange(0x20..<(0x20 + packet.count), with: packet)
        sector[510] = 0x55
        sector[511] = 0xAA
        let path = files.file("writing.img")
        try Data(sector).write(to: URL(filePath: path))
        return path
    }
}
