package import Model
import RedisClient

/// What VMs of ours hold on a PM, and when it was used.
package struct PMClaims: Hashable, Sendable {
    /// The PM.
    package let pm: PMID
    private let claimed: Resources
    private let vmCount: Int
    private let lastUsed: Int

    /// Reads `{pm, claimed_cpu, claimed_ram, claimed_disk, vms, last_used}`; what is not there counts as 0.
    init?(values: [RESPValue]) {
        guard values.count == 6, let pm = values[0].int.flatMap(PMID.init) else { return nil }
        let numbers = values.map { $0.int ?? 0 }
        self.pm = pm
        claimed = Resources(cpu: numbers[1], ram: numbers[2], disk: numbers[3])
        (vmCount, lastUsed) = (numbers[4], numbers[5])
    }

    /// The record of the PM with these values; nil where it is none of it.
    func applied(to machine: PhysicalMachine?) -> PhysicalMachine? {
        guard var machine, machine.id == pm else { return nil }
        (machine.claimed, machine.vmCount, machine.lastUsed) = (claimed, vmCount, lastUsed)
        return machine
    }
}
