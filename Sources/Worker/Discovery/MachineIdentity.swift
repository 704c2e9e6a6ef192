import Foundation

/// What distinguishes a machine from all others, whatever the address by which it was reached.
///
/// The host's UUID alone does not: cheap boards have equal ones. Neither does the boot id, which containers of one kernel
/// share, nor the machine id, which copies of one installation have in common. Only with all three equal is it one machine.
enum MachineIdentity {
    /// The identity; nil where one of its parts is missing, and then the machine is never taken for another.
    ///
    /// - Parameters:
    ///   - host: what the host's own commands said.
    ///   - inventory: what libvirt reported in the same probe.
    /// - Returns: the three parts on one line.
    static func text(host: HostMeasure, inventory: HypervisorInventory) -> String? {
        guard let hostUUID = UUID(uuidString: inventory.hostUUID), let bootID = host.bootID,
            let machineID = host.machineID
        else { return nil }
        return "\(hostUUID.uuidString.lowercased())/\(bootID)/\(machineID)"
    }
}
