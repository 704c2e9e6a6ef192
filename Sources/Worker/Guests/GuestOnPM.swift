import Model

/// A guest of ours that runs on a PM.
struct GuestOnPM: Hashable, Sendable {
    let vm: VirtualMachine
    /// The addresses of its domain's network cards.
    let macs: [MACAddress]

    /// The guest of a domain; nil where it is none of ours, or does not run.
    init?(_ domain: DomainSummary, among claimants: Set<String>) {
        guard domain.isActive, claimants.contains(domain.uuid), let record = domain.record else { return nil }
        (vm, macs) = (record, domain.macs)
    }
}
