/// A network card of a VM.
package struct VMNIC: Codable, Hashable, Sendable {
    /// Kept for the VM's life.
    package let mac: String

    package init(mac: String) { self.mac = mac }
}
