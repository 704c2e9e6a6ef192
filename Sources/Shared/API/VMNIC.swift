package import Model

/// A network card of a VM.
package struct VMNIC: Codable, Hashable, Sendable {
    /// Kept for the VM's life.
    package let mac: String
    /// What it is attached to, as `libvirt/lab` or `bridge/br0/12`; absent for its PM's own network.
    package let network: VMNetwork?

    package init(mac: String, network: VMNetwork?) { (self.mac, self.network) = (mac, network) }
}
