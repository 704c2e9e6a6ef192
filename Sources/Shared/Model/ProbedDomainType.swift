/// How guests run on a PM, as a probe there decided for all workers.
package struct ProbedDomainType: Hashable, Sendable {
    /// The type of its domains: `kvm` or `qemu`.
    package let type: String
    /// What decided, for people.
    package let reason: String
    /// What has to be as it was for the decision to hold: boot id, version of libvirt, version of the hypervisor.
    package let basis: String

    package init(type: String, reason: String, basis: String) {
        self.type = type
        self.reason = reason
        self.basis = basis
    }

    /// The basis of a decision.
    ///
    /// - Parameters:
    ///   - bootID: names the run of the PM's kernel.
    ///   - versions: of its libvirt and its hypervisor.
    /// - Returns: the text that stands in the PM's record.
    package static func basis(bootID: String, versions: String) -> String { "\(bootID)/\(versions)" }
}
