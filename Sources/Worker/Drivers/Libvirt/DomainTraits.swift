import Libvirt
import XML

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
