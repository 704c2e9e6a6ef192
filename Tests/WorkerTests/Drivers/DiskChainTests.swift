import Foundation
import Model
import Testing

@testable import Worker

@Suite("Which files are a VM's")
struct DiskChainTests {
    private static let uuid = UUID(uuidString: "0123abcd-0000-4000-8000-000000000001") ?? UUID()

    private func chains(_ files: [String], _ backing: [String: String]) throws -> DiskChains {
        let vm = try HypervisorFixture.vm(7, uuid: Self.uuid)
        let paths = backing.mapValues { $0.hasPrefix("/") ? $0 : "/pool/\($0)" }
        return DiskChains(of: vm, files: files, directory: "/pool", backing: paths)
    }

    private let image = "hvc-image-100-abc.qcow2"
    private let disk = "hvc-7-0123abcd.qcow2"

    @Test("A volume's name says whose it is")
    func names() {
        let owned = [
            "hvc-7-0123abcd", "hvc-7-0123abcd.qcow2", "hvc-7-0123abcd.s1", "hvc-7-0123abcd-mem", "/a/hvc-7-0123abcd_1",
        ]
        for name in owned { #expect(VolumeName(name).domainName == "hvc-7-0123abcd", "\(name)") }
        let others = [
            "", "hvc-", "hvc--0123abcd.qcow2", "hvc-7-0123abc.qcow2", "hvc-7-0123abcde.qcow2", "hvc-7-0123ABCD.qcow2",
            "hvc-a-0123abcd.qcow2", "my-hvc-7-0123abcd.qcow2", "hvc-image-100-abc.qcow2", "hvc-image-100-abc.ready",
            "hvc-7",
            "/hvc-7-0123abcd/disk",
        ]
        for name in others { #expect(VolumeName(name).domainName == nil, "\(name)") }
        #expect(VolumeName("/pool/hvc-image-100-abc.qcow2").isImage && !VolumeName(disk).isImage)
        #expect(VolumeSummary(name: disk, allocation: 0).isDisk)
        #expect(!VolumeSummary(name: "hvc-7-0123abcd.s1", allocation: 0).isDisk)
    }

    @Test("All of the chain goes, whatever its parts are called, uppermost first; the image stays and is not named")
    func chain() throws {
        let backing = [disk: image, "backup": disk, "hvc-7-0123abcd.s2": "backup"]
        // A domain that does not run names the uppermost file alone.
        for files in [
            ["/pool/hvc-7-0123abcd.s2"],
            ["/pool/hvc-7-0123abcd.s2", "/pool/backup", "/pool/\(disk)", "/pool/\(image)"],
        ] {
            let chains = try chains(files, backing)
            let gone = chains.removable(keeping: [])
            #expect(gone == ["hvc-7-0123abcd.s2", "backup", disk])
            #expect(chains.left(after: gone).isEmpty)
        }
    }

    @Test("What lies outside of the pool, is a disk of its own, or is in somebody's use stays, and is reported")
    func left() throws {
        let files = ["/elsewhere/hvc-7-0123abcd.s1", "/pool/sub/x", "/pool/data.qcow2", "/dev/vg/lv", "/pool/\(disk)"]
        var chains = try chains(files, [disk: image, "data.qcow2": "base.qcow2"])
        var gone = chains.removable(keeping: [])
        #expect(gone == [disk])
        #expect(chains.left(after: gone) == files.dropLast().sorted())

        // Another domain's overlay stands on it.
        chains = try self.chains(["/pool/\(disk)"], [disk: image, "clone.qcow2": disk])
        #expect(chains.removable(keeping: []).isEmpty)
        #expect(chains.left(after: []) == ["/pool/\(disk)"])

        // Another domain names the overlay of ours: it and what is beneath stay.
        let overlay = "hvc-7-0123abcd.s1"
        chains = try self.chains(["/pool/\(overlay)"], [disk: image, overlay: disk])
        gone = chains.removable(keeping: [overlay])
        #expect(gone.isEmpty)
        #expect(chains.left(after: gone) == ["/pool/\(disk)", "/pool/\(overlay)"].sorted())
    }

    @Test("A chain that goes round ends")
    func circle() throws {
        let chains = try chains(["/pool/a"], ["a": "b", "b": "a", disk: disk])
        #expect(chains.removable(keeping: []) == [disk])
    }

    @Test("Files are read from domains and snapshots: what is beneath, copied to and saved, and no installation media")
    func files() {
        var files = DomainFiles()
        files.add(
            domain: """
                <domain><devices>
                <disk type='file' device='disk'><source file='/p/top'/><backingStore type='file'><source file='/p/mid'/>
                <backingStore type='file'><source file='/p/base'/><backingStore/></backingStore></backingStore>
                <mirror type='file'><source file='/p/copy'/></mirror></disk>
                <disk type='block'><source dev='/dev/vg/lv'/></disk>
                <disk type='file' device='cdrom'><source file='/iso'/></disk>
                <disk type='file' device='disk'><source file='/ro'/><readonly/></disk>
                <interface type='network'><source network='default'/></interface>
                </devices></domain>
                """
        )
        #expect(files.paths == ["/p/top", "/p/mid", "/p/base", "/p/copy", "/dev/vg/lv"])
        files = DomainFiles()
        files.add(
            snapshot: """
                <domainsnapshot><memory snapshot='external' file='/p/memory'/>
                <disks><disk name='vda' snapshot='external'><source file='/p/s1'/></disk></disks>
                <domain><devices><disk device='disk'><source file='/p/base'/></disk></devices></domain></domainsnapshot>
                """
        )
        files.add(domain: "no XML")
        #expect(files.paths == ["/p/memory", "/p/s1", "/p/base"])
    }
}
