/// Capacity of a PM that a VM or an operation holds, as a field of `hvc:pm:<id>:claims`: consumer and `cpu,ram,disk`.
package struct Claim: Hashable, Sendable {
    /// Who holds capacity.
    package enum Consumer: Hashable, Sendable {
        /// A VM, on the PM on which it is.
        case vm(VMID)
        /// A job, in addition to what its VM holds: on a second PM, or what the VM is to grow by.
        case job(JobID)
    }

    /// Who holds it.
    package let consumer: Consumer
    /// How much.
    package let amount: Resources

    /// Makes a claim.
    package init(_ consumer: Consumer, _ amount: Resources) {
        (self.consumer, self.amount) = (consumer, amount)
    }

    /// Reads a field; nil where it is not as the scripts write it.
    package init?(field: String, value: String) {
        guard let consumer = Consumer(field) else { return nil }
        let amounts = value.split(separator: ",", omittingEmptySubsequences: false).compactMap { Int($0) }
        guard amounts.count == 3, amounts.allSatisfy({ $0 >= 0 }) else { return nil }
        self.init(consumer, Resources(cpu: amounts[0], ram: amounts[1], disk: amounts[2]))
        guard value == text else { return nil }
    }

    /// The amount as the field's value has it.
    package var text: String { "\(amount.cpu),\(amount.ram),\(amount.disk)" }
}

extension Claim.Consumer {
    /// Reads the name of a field; nil where it is not as the scripts write it.
    package init?(_ field: String) {
        let parts = field.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        switch parts[0] {
        case "vm":
            guard let vm = VMID(parts[1]) else { return nil }
            self = .vm(vm)
        case "job":
            guard let job = JobID(parts[1]) else { return nil }
            self = .job(job)
        default: return nil
        }
        guard field == text else { return nil }
    }

    /// The name of its field.
    package var text: String {
        switch self {
        case .vm(let vm): "vm:\(vm)"
        case .job(let job): "job:\(job)"
        }
    }

    /// The VM; nil where an operation holds it.
    package var vm: VMID? {
        if case .vm(let vm) = self { vm } else { nil }
    }

    /// The job of the operation; nil where a VM holds it.
    package var job: JobID? {
        if case .job(let job) = self { job } else { nil }
    }
}
