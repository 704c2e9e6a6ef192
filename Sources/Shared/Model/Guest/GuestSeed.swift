/// What a VM's guest is given by a seed disk, from which cloud-init reads at the first boot.
///
/// The whole of it is kept only until the VM's create has ended; then the disk has it, and the record the summary.
package struct GuestSeed: Hashable, Sendable {
    package let summary: SeedSummary
    /// Who may log in, as the guest's default user.
    package let sshKeys: [SSHPublicKey]
    /// What cloud-init is to do, as the caller gave it; empty for nothing.
    package let userData: [UInt8]
    /// How the guest sets up its network, as the caller gave it; empty where the guest decides.
    package let networkConfig: String

    package static let mostKeys = 32
    package static let mostUserData = 64 << 10
    package static let longestNetworkConfig = 16 << 10

    package init(summary: SeedSummary, sshKeys: [SSHPublicKey], userData: [UInt8], networkConfig: String) {
        (self.summary, self.sshKeys, self.userData) = (summary, sshKeys, userData)
        self.networkConfig = networkConfig
    }
}

extension VirtualMachine {
    /// The name by which its guest is to call itself; nil where it has no seed disk.
    package var hostname: String? { seed.map { $0.hostname?.description ?? "vm-\(id)" } }
}
