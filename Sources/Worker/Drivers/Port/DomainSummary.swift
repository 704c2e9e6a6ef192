import Model

/// One domain in an inventory.
struct DomainSummary: Hashable, Sendable {
    /// Its UUID, lower-case.
    var uuid: String
    /// Its name on the PM.
    var name: String
    /// True while it runs or is paused.
    var isActive: Bool
    /// Virtual CPUs.
    var cpu: Int
    /// Memory it may use, in MiB.
    var ramMiB: Int
    /// Our record, where the domain is ours and says so in its metadata.
    var record: VirtualMachine?
    /// The installation that made it, where it has our record.
    var cell: String?
    /// The MAC addresses of its network cards; none where it has no record of ours.
    var macs: [MACAddress]
    /// What a VM whose domain this is does.
    var state: VMState
    /// libvirt's reason for the state; nil where it says none.
    var stateReason: String?

    /// Describes a domain.
    ///
    /// - Parameters:
    ///   - uuid: its UUID, lower-case.
    ///   - name: its name on the PM.
    ///   - isActive: whether it runs or is paused.
    ///   - cpu: virtual CPUs.
    ///   - ramMiB: memory it may use.
    ///   - record: our record in its metadata.
    ///   - cell: the installation that made it.
    ///   - macs: those of its network cards; nil for those of its record.
    ///   - state: what it does; nil where that is no more than `isActive` says.
    ///   - stateReason: libvirt's reason for the state.
    init(
        uuid: String,
        name: String,
        isActive: Bool,
        cpu: Int,
        ramMiB: Int,
        record: VirtualMachine? = nil,
        cell: String? = nil,
        macs: [MACAddress]? = nil,
        state: VMState? = nil,
        stateReason: String? = nil
    ) {
        self.uuid = uuid
        self.name = name
        self.isActive = isActive
        self.cpu = cpu
        self.ramMiB = ramMiB
        self.record = record
        self.cell = cell
        self.macs = macs ?? record?.macs ?? []
        self.state = state ?? (isActive ? .running : .stopped)
        self.stateReason = stateReason
    }

    /// How it differs from what a VM was made as, in words for people; nil where it does not.
    ///
    /// - Parameter vm: the VM whose domain it is.
    /// - Returns: the name, CPUs and memory that are others.
    func drift(from vm: VirtualMachine) -> String? {
        var words: [String] = []
        if name != vm.domainName { words.append("renamed to \(name)") }
        if cpu != vm.needs.cpu { words.append("\(cpu) CPUs instead of \(vm.needs.cpu)") }
        if ramMiB != vm.needs.ram { words.append("\(ramMiB) MiB of memory instead of \(vm.needs.ram)") }
        return words.isEmpty ? nil : words.joined(separator: ", ")
    }
}
