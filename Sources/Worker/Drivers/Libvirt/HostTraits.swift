import Libvirt
import XML

/// What a PM's libvirt says of itself and does not change while it runs.
struct HostTraits: Hashable, Sendable {
    /// The driver's name in lower case, as `qemu` or `test`.
    var driver: String
    /// The version of the PM's libvirt.
    var libvirtVersion: LibvirtVersion
    /// The machine's architecture, as `x86_64`.
    var architecture: String
    /// The version of its hypervisor; nil where the driver says none.
    var hypervisorVersion: LibvirtVersion?
    /// The PM's host name.
    var hostname: String
    /// The host's UUID; nil for drivers that have none.
    var hostUUID: String?
    /// The kinds of domain that it offers for fully virtual guests of its own architecture.
    var domainTypes: Set<String>

    /// The versions of libvirt and the hypervisor: with others, guests may run in another way.
    var versions: String { "\(libvirtVersion)/\(hypervisorVersion?.description ?? "")" }

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
        let hostname = try session.hostname()
        self.init(driver: driver, libvirtVersion: version, hostname: hostname, capabilities: capabilities)
        do {
            hypervisorVersion = try session.hypervisorVersion()
        } catch  where !error.kind.isConnectionFault {
            hypervisorVersion = nil
        }
    }

    /// Reads the XML of `virConnectGetCapabilities`.
    ///
    /// - Parameters:
    ///   - driver: the driver's name in lower case.
    ///   - libvirtVersion: the version of the PM's libvirt.
    ///   - hostname: the PM's host name.
    ///   - capabilities: the XML.
    init(driver: String, libvirtVersion: LibvirtVersion, hostname: String, capabilities: String) {
        self.driver = driver
        self.hostname = hostname
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
