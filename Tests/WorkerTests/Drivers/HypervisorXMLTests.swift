import Foundation
import Libvirt
import Model
import TestKit
import Testing
import XML

@testable import Worker

@Suite("XML for libvirt")
struct HypervisorXMLTests {
    /// Names that something on the way might take for more than a name.
    private static let hostileNames = [
        "plain", " leading", "trailing ", "  ", "a  b", "\"quoted\"", "it's", "<vm/>", "a & b", "&amp;", "&#65;", "]]>",
        "<!-- no -->", "<![CDATA[x]]>", "</title></metadata>", "../../etc/passwd", "$(reboot)", "`x`", "%s%n",
        "na\u{EF}ve", "e\u{301}", "\u{1F600}\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}", "\u{202E}rtl", "\u{FEFF}bom",
        "\u{A0}nbsp\u{A0}", "\u{3000}",
        "\u{10FFFD}", "\u{E000}", "\u{FFFD}", "\\", "\\u0041", "\\uFEFF", "\\\\uFEFF\u{FEFF}", "\\\u{301}",
        "\u{FEFF}\u{301}x", "\\\u{FEFF}\\", "*3\\r\\n$3", "hvc:vm", "name='x'", "--", "0",
        String(repeating: "x", count: 255),
    ]

    /// Random valid names; the same on each run.
    private static let randomNames: [String] = {
        var random = SplitMix64(seed: 20_240_607)
        let favourites = Array("<>&\"' ;=/\\\u{1F600}\u{E9}\u{A0}]")
        return (0..<400).map { _ in
            var name = ""
            for _ in 0..<Int(random.next() % 40 + 1) {
                if random.next() % 3 == 0 {
                    name.append(favourites[Int(random.next() % UInt64(favourites.count))])
                } else if let scalar = Unicode.Scalar(UInt32(random.next() % 0x11_0000)),
                    (try? VMName.validated(String(scalar))) != nil
                {
                    name.unicodeScalars.append(scalar)
                }
            }
            return (try? VMName.validated(name)) == nil ? "short" : name
        }
    }()

    @Test("A record read back from its element is the same record, whatever its name")
    func recordRoundTrip() throws {
        for name in Self.hostileNames + Self.randomNames {
            let vm = try HypervisorFixture.vm(7, name: name)
            let back = VirtualMachine(metadata: vm.metadataElement().xmlString)
            #expect(back == vm)
            // Strings are equal where only their normal forms are; these must be the same bytes.
            #expect(back.map { Array($0.name.utf8) } == Array(name.utf8))
        }
    }

    @Test("A record with a number or an amount beyond all bounds, or without one, is not read")
    func bounds() throws {
        let text = try HypervisorFixture.vm(7).metadataElement().xmlString
        #expect(VirtualMachine(metadata: text) != nil)
        let beyond = String(VMID.highestAdopted + 1)
        for (part, values) in [
            ("id=\"7\"", [beyond, "9007199254740992", "0", "-1", "x", ""]), ("type=\"2\"", [beyond, "0"]),
            ("image=\"100\"", [beyond, "0"]), ("cpu=\"1\"", ["-1", "1073741825", "9223372036854775807"]),
            ("ram=\"128\"", ["1073741825"]), ("disk=\"1\"", ["1073741825"]),
        ] {
            let name = part.prefix { $0 != "=" }
            #expect(text.contains(" \(part)"))
            for value in values {
                let changed = text.replacing(" \(part)", with: " \(name)=\"\(value)\"")
                #expect(VirtualMachine(metadata: changed) == nil, "\(changed)")
            }
        }
        let job = text.replacing(" type=", with: " job=\"\(beyond)\" type=")
        #expect(VirtualMachine(metadata: job) == nil)
        let highest = text.replacing(" id=\"7\"", with: " id=\"\(VMID.highestAdopted)\"")
        #expect(VirtualMachine(metadata: highest)?.id.value == VMID.highestAdopted)
    }

    @Test("A record comes back the same from libvirt itself, and the name is the domain's title")
    func recordThroughLibvirt() async throws {
        let threads = BlockingThreads(name: "test", limit: 1)
        let connection = try await Connection.open("test:///default", threads: threads, deadline: .seconds(10))
        let names = Self.hostileNames + Self.randomNames
        try await connection.run(deadline: .seconds(120)) { session in
            let host = try HostTraits(asking: session)
            for (index, name) in names.enumerated() {
                let vm = try HypervisorFixture.vm(1000 + index, name: name)
                let description = DomainDescription(
                    vm: vm,
                    domainType: "test",
                    host: host,
                    traits: DomainTraits(),
                    disk: "/disks/\(index) & <more>",
                    networks: [VMNetwork(kind: .libvirt, name: "default")],
                    consoleLog: "/log/\(index)"
                )
                let domain = try session.defineDomain(xml: description.xml)
                defer { try? domain.undefine() }
                let text = try #require(try domain.metadata(namespace: VirtualMachine.metadataNamespace))
                #expect(VirtualMachine(metadata: text) == vm)
                let root = try #require(XMLElement.root(of: try domain.xml(inactive: true)))
                #expect(root.child("title")?.text == name)
                #expect(root.descendant("devices", "disk", "source")?[attribute: "file"] == description.disk)
            }
        }
    }

    @Test(
        "What is not wholly our record is none",
        arguments: [
            "", "no xml", "<vm/>", "<a:other xmlns:a='urn:a' id='1'/>",
            "<vm id='0' uuid='6A1E3B1C-2F1B-4C58-9C3B-1C1B7A0F0B11' name='a' type='1' image='100' cpu='1' ram='1' disk='1'/>",
            "<vm id='1' uuid='nonsense' name='a' type='1' image='100' cpu='1' ram='1' disk='1'/>",
            "<vm id='1' uuid='6A1E3B1C-2F1B-4C58-9C3B-1C1B7A0F0B11' name='a' type='1' image='100' cpu='-1' ram='1' disk='1'/>",
            "<vm id='1' uuid='6A1E3B1C-2F1B-4C58-9C3B-1C1B7A0F0B11' type='1' image='100' cpu='1' ram='1' disk='1'/>",
        ]
    )
    func noRecord(text: String) {
        #expect(VirtualMachine(metadata: text) == nil)
    }

    @Test("A domain gets what its VM needs and what its PM has")
    func domain() throws {
        let mac = try #require(MACAddress("52:54:00:00:00:03"))
        let vm = try HypervisorFixture.vm(3, name: "web", ram: 512, macs: [mac])
        let capabilities = """
            <capabilities><host><uuid>11111111-2222-3333-4444-555555555555</uuid><cpu><arch>x86_64</arch></cpu></host>
            <guest><os_type>hvm</os_type><arch name='i686'><domain type='qemu'/></arch></guest>
            <guest><os_type>hvm</os_type><arch name='x86_64'><domain type='qemu'/><domain type='kvm'/></arch></guest>
            </capabilities>
            """
        let host = HostTraits(
            driver: "qemu",
            libvirtVersion: LibvirtVersion(number: 9_000_000),
            hostname: "host",
            capabilities: capabilities
        )
        #expect(host.domainTypes == ["qemu", "kvm"])
        #expect(host.hostUUID == "11111111-2222-3333-4444-555555555555")
        let traits = DomainTraits(
            capabilities: """
                <domainCapabilities><machine>pc-i440fx-7.2</machine>
                <cpu><mode name='host-model' supported='yes'/></cpu>
                <devices><rng supported='yes'/></devices></domainCapabilities>
                """
        )
        func root(_ type: String, network: String?, version: Int = 9_000_000) throws -> XMLElement {
            var host = host
            host.libvirtVersion = LibvirtVersion(number: version)
            let description = DomainDescription(
                vm: vm,
                domainType: type,
                host: host,
                traits: traits,
                disk: "/d",
                networks: network.map { [VMNetwork(kind: .libvirt, name: $0)] } ?? [],
                consoleLog: nil
            )
            return try #require(XMLElement.root(of: description.xml))
        }
        let emulated = try root("qemu", network: "default")
        #expect(emulated[attribute: "type"] == "qemu")
        #expect(emulated.child("name")?.text == vm.domainName)
        #expect(emulated.child("uuid")?.text == vm.uuid.uuidString.lowercased())
        #expect(emulated.child("memory")?.text == "512")
        #expect(emulated.child("memory")?[attribute: "unit"] == "MiB")
        #expect(emulated.child("vcpu")?.text == "1")
        #expect(emulated.descendant("os", "type")?[attribute: "machine"] == "pc-i440fx-7.2")
        #expect(emulated.descendant("features", "tcg", "tb-cache")?.text == "32")
        #expect(emulated.child("cpu") == nil)
        #expect(emulated.descendant("devices", "interface", "source")?[attribute: "network"] == "default")
        #expect(emulated.descendant("devices", "interface", "mac")?[attribute: "address"] == "52:54:00:00:00:03")
        let channel = emulated.descendant("devices", "channel", "target")
        #expect(channel?[attribute: "name"] == "org.qemu.guest_agent.0" && channel?[attribute: "type"] == "virtio")
        #expect(emulated.descendant("devices", "rng") != nil)
        #expect(try root("qemu", network: nil).descendant("devices", "interface") == nil)
        #expect(try root("qemu", network: nil, version: 7_000_000).descendant("features", "tcg") == nil)
        let native = try root("kvm", network: nil)
        #expect(native.descendant("features", "tcg") == nil)
        #expect(native.child("cpu")?[attribute: "mode"] == "host-model")
    }

    @Test("A volume's description reads back as it was written")
    func volume() {
        let backing = VolumeDescription.Backing(path: "/a & b/<image>.qcow2", format: "qcow2")
        for description in [
            VolumeDescription(name: "a", format: "raw", capacity: 0),
            VolumeDescription(name: "b <>&", format: "qcow2", capacity: 1 << 40, backing: backing),
        ] {
            #expect(VolumeDescription(xml: description.xml) == description)
        }
        #expect(VolumeDescription(xml: "<volume/>") == nil)
    }

    @Test("A VM's disk is known by its name, and nothing else is taken for one")
    func disks() throws {
        let vm = try HypervisorFixture.vm(12)
        func isDisk(_ name: String) -> Bool { VolumeSummary(name: name, allocation: 1).isDisk }
        #expect(isDisk(vm.diskName))
        #expect(isDisk("hvc-1-0123abcd.qcow2") && isDisk("hvc-99999-ffffffff.qcow2"))
        let others = [
            "", "hvc-", "hvc-.qcow2", "hvc--0123abcd.qcow2", "hvc-1-.qcow2", "hvc-1-0123abc.qcow2", "hvc-1.qcow2",
            "hvc-1-0123abcde.qcow2", "hvc-1-0123ABCD.qcow2", "hvc-1-0123abcg.qcow2", "hvc-x-0123abcd.qcow2",
            "hvc-1-0123abcd.img", "hvc-1-0123abcd", "xhvc-1-0123abcd.qcow2", "hvc-1-0123abcd.qcow2x",
            "hvc-1-2-0123abcd.qcow2", "hvc-\u{661}-0123abcd.qcow2", "hvc-1-0123abcd.qcow2.ready",
            "hvc-image-100-0123abcd.qcow2", "hvc-image-100-a-1.qcow2.ready", "others.qcow2",
        ]
        for name in others { #expect(!isDisk(name), "\(name)") }
    }

    @Test("The boot sector is one sector with a BIOS's mark")
    func bootSector() {
        #expect(BootSector.bytes.count == 512)
        #expect(BootSector.bytes.suffix(2) == [0x55, 0xAA])
    }
}
