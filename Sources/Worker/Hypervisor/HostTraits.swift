import Libvirt
import XML

/// What a PM's libvirt says of itself and does not change while it runs; read once a connection.
struct HostTraits: Hashable, Sendable {
    /// The driver's name in lower case, as `qemu` or `test`.
    var driver: String
    /// The version of the PM's libvirt.
    var libvirtVersion: LibvirtVersion
    /// The machine's architecture, as `x86_64`.
    var architecture: String
    /// The host's UUID; nil for drivers that have none.
    var hostUUID: String?
    /// The kinds of domain that it offers for fully virtual guests of its own architecture.
    var domainTypes: Set<String>

    /// True for the driver that pretends.
    var isTest: Bool { driver == "test" }

    /// Asks the machine; blocks.
    ///
    /// - Parameter session: where to ask.
    /// - Throws: `LibvirtError`.
    init(asking session: Session) throws(LibvirtError) {
        let driver = try session.driver().lowercased()
        let version = try session.libvirtVersion()
        let capabilities = try session.capabilities()
        self.init(driver: driver, libvirtVersion: version, capabilities: capabilities)
    }

    /// Reads the XML of `virConnectGetCapabilities`.
    ///
    /// - Parameters:
    ///   - driver: the driver's name in lower case.
    ///   - libvirtVersion: the version of the PM's libvirt.
    ///   - capabilities: the XML.
    init(driver: String, libvirtVersion: LibvirtVersion, capabilities: String) {
        self.driver = driver
        self.libvirtVersion = libvirtVersion
        let root = XMLElement.root(of: capabilities)
        let host = root?.child("host")
        let architecture = host?.descendant("cpu", "arch")?.text ?? "x86_64"
        self.architecture = architecture
        hostUUID = host?.child("uuid")?.text
        let guests = root?.children("guest") ?? []
        let own = guests.first { guest in
            guest.child("os_type")?.text == "hvm"
                && guest.child("arch")?[attribute: "name"] == architecture
        }
        let types = own?.child("arch")?.children("domain").compactMap { $0[attribute: "type"] }
        domainTypes = Set(types ?? [])
    }
}

/// What libvirt can give a domain of one kind; read when a domain is defined (`virConnectGetDomainCapabilities`).
struct DomainTraits: Hashable, Sendable {
    /// The machine type's full name, as `pc-i440fx-7.2`; nil leaves the choice to libvirt.
    var machine: String?
    /// True where the guest can be given the host's CPU model.
    var hasHostModel = false
    /// True where the guest can be given a source of random numbers.
    var hasRandomNumbers = false

    /// Knows nothing, for drivers that cannot be asked.
    init() {}

    /// Asks libvirt; the test driver has no such traits.
    ///
    /// - Parameters:
    ///   - domainType: how guests are to run.
    ///   - host: the machine's traits.
    ///   - session: where to ask.
    /// - Throws: `LibvirtError`.
    init(of domainType: String, on host: HostTraits, asking session: Session) throws(LibvirtError) {
        guard !host.isTest else {
            self.init()
            return
        }
        self.init(
            capabilities: try session.domainCapabilities(architecture: host.architecture, domainType: domainType)
        )
    }

    /// The processor to give a guest: the host's model where it runs on the processor itself; libvirt's choice else.
    ///
    /// - Parameter domainType: how the guest runs.
    /// - Returns: the element, or nil for libvirt's choice.
    func cpu(for domainType: String) -> XMLElement? {
        guard domainType == "kvm", hasHostModel else { return nil }
        return XMLElement("cpu", ["mode": "host-model"])
    }

    /// Reads the XML of `virConnectGetDomainCapabilities`.
    init(capabilities: String) {
        let root = XMLElement.root(of: capabilities)
        machine = root?.child("machine")?.text
        let modes = root?.child("cpu")?.children("mode") ?? []
        hasHostModel = modes.contains { $0[attribute: "name"] == "host-model" && $0[attribute: "supported"] == "yes" }
        hasRandomNumbers = root?.descendant("devices", "rng")?[attribute: "supported"] == "yes"
    }
}
