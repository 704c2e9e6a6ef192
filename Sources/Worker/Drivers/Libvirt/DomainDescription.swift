import Foundation
import Libvirt
import Model
import XML

/// All that goes into a domain's XML.
struct DomainDescription: Hashable, Sendable {
    /// The VM it is for.
    var vm: VirtualMachine
    /// `kvm`, `qemu` or the driver's own word.
    var domainType: String
    /// The installation that makes it.
    var cell = VirtualMachine.defaultCell
    /// What the PM says of itself.
    var host: HostTraits
    /// What its libvirt can give a domain of this type.
    var traits: DomainTraits
    /// The path of its disk on the PM.
    var disk: String
    /// The path of its seed disk on the PM; nil for none.
    var seed: String?
    /// What its network cards are attached to, in their order.
    var networks: [VMNetwork]
    /// The file on the PM that keeps what the guest writes to its serial console; nil for none.
    var consoleLog: String?

    /// The first version that takes `<tb-cache>`.
    private static let translationCacheVersion = LibvirtVersion(number: 8_000_000)

    /// The XML for `virDomainDefineXMLFlags`.
    var xml: String {
        let memory = XMLElement("memory", ["unit": "MiB"], text: String(vm.needs.ram))
        let processors = XMLElement("vcpu", text: String(vm.needs.cpu))
        let root = XMLElement(
            "domain",
            ["type": domainType],
            children: identity + [memory, processors, operatingSystem, features, traits.cpu(for: domainType)]
                + reactions + [devices]
        )
        return root.xmlString
    }

    private var identity: [XMLElement?] {
        [
            XMLElement("name", text: vm.domainName),
            XMLElement("uuid", text: vm.uuid.uuidString.lowercased()),
            XMLElement("title", text: vm.name),
            XMLElement("metadata", children: [vm.metadataElement(cell: cell)]),
        ]
    }

    /// What becomes of the domain when its guest ends.
    private var reactions: [XMLElement?] {
        [
            XMLElement("on_poweroff", text: "destroy"),
            XMLElement("on_reboot", text: "restart"),
            XMLElement("on_crash", text: "destroy"),
        ]
    }

    private var operatingSystem: XMLElement {
        // Machines of this architecture have no BIOS to fall back on.
        let firmware = host.architecture == "aarch64" ? "efi" : nil
        let type = XMLElement("type", ["arch": host.architecture, "machine": traits.machine], text: "hvm")
        let boot = XMLElement("boot", ["dev": "hd"])
        return XMLElement("os", ["firmware": firmware], children: [type, boot])
    }

    /// ACPI, by which the guest gets a shutdown request, and a bound on emulation's memory.
    ///
    /// Under emulation QEMU may take 1 GiB a guest for translated code; 32 MiB are enough for small ones.
    private var features: XMLElement {
        let isBounded = domainType == "qemu" && host.libvirtVersion >= Self.translationCacheVersion
        guard isBounded else { return XMLElement("features", children: [XMLElement("acpi")]) }
        let cache = XMLElement("tb-cache", ["unit": "MiB"], text: "32")
        return XMLElement("features", children: [XMLElement("acpi"), XMLElement("tcg", children: [cache])])
    }

    private var devices: XMLElement {
        let drives = [diskDevice, seedDevice]
        let others = [serial, console, agentChannel, balloon, randomNumbers]
        return XMLElement("devices", children: drives + interfaces + others)
    }

    private var diskDevice: XMLElement {
        let driver = XMLElement("driver", ["name": "qemu", "type": "qcow2"])
        let source = XMLElement("source", ["file": disk])
        let target = XMLElement("target", ["dev": "vda", "bus": "virtio"])
        return XMLElement("disk", ["type": "file", "device": "disk"], children: [driver, source, target])
    }

    /// On the bus that every cloud kernel knows; snapshots of the VM leave it out.
    private var seedDevice: XMLElement? {
        guard let seed else { return nil }
        let driver = XMLElement("driver", ["name": "qemu", "type": "raw"])
        let source = XMLElement("source", ["file": seed])
        let target = XMLElement("target", ["dev": "vdb", "bus": "virtio"])
        return XMLElement(
            "disk",
            ["type": "file", "device": "disk", "snapshot": "no"],
            children: [driver, source, target, XMLElement("readonly")]
        )
    }

    private var interfaces: [XMLElement?] {
        networks.enumerated().map { index, network in
            let mac = vm.macs.indices.contains(index) ? vm.macs[index].description : nil
            let model = XMLElement("model", ["type": "virtio"])
            let children = [mac.map { XMLElement("mac", ["address": $0]) }] + attachment(to: network) + [model]
            return XMLElement("interface", ["type": network.kind == .bridge ? "bridge" : "network"], children: children)
        }
    }

    private func attachment(to network: VMNetwork) -> [XMLElement?] {
        guard network.kind == .bridge else { return [XMLElement("source", ["network": network.name])] }
        let source = XMLElement("source", ["bridge": network.name])
        guard let vlan = network.vlan else { return [source] }
        // Of bridges, Open vSwitch's alone take VLANs.
        let port = XMLElement("virtualport", ["type": "openvswitch"])
        let tag = XMLElement("tag", ["id": String(vlan)])
        return [source, port, XMLElement("vlan", children: [tag])]
    }

    private var serial: XMLElement {
        let target = XMLElement("target", ["port": "0"])
        guard let consoleLog else { return XMLElement("serial", ["type": "pty"], children: [target]) }
        let log = XMLElement("log", ["file": consoleLog, "append": "on"])
        return XMLElement("serial", ["type": "pty"], children: [log, target])
    }

    private var console: XMLElement {
        let target = XMLElement("target", ["type": "serial", "port": "0"])
        return XMLElement("console", ["type": "pty"], children: [target])
    }

    /// By which the guest's agent is asked, where the guest has one.
    private var agentChannel: XMLElement {
        let target = XMLElement("target", ["type": "virtio", "name": "org.qemu.guest_agent.0"])
        return XMLElement("channel", ["type": "unix"], children: [target])
    }

    private var balloon: XMLElement {
        XMLElement("memballoon", ["model": "virtio"])
    }

    /// So that a guest that just started need not wait for randomness.
    private var randomNumbers: XMLElement? {
        guard traits.hasRandomNumbers else { return nil }
        let backend = XMLElement("backend", ["model": "random"], text: "/dev/urandom")
        return XMLElement("rng", ["model": "virtio"], children: [backend])
    }
}
