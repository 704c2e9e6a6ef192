import Model

/// One PM: what stands on it, and how it behaves.
struct HostModel: Sendable {
    /// How it treats what it is asked.
    enum Mood: Hashable, Sendable {
        case well
        /// Nobody reaches it.
        case away
        /// Its libvirt refuses or breaks off some of the acts.
        case failing
        /// Its storage has no room for another disk.
        case full
        /// It needs seconds for everything.
        case slow
        /// libvirt answers, ssh does not, so a probe sees a part.
        case half
    }

    /// What jobs have done there.
    enum Step: Sendable {
        case image
        case disk
        case domain
        case start
        case remove
    }

    /// One domain.
    struct Domain: Hashable, Sendable {
        /// The record in its metadata.
        let vm: VirtualMachine
        var isRunning = false
    }

    /// What becomes of one act.
    enum Fate: Hashable, Sendable {
        case succeeds
        case failsBefore(FailureCode)
        case failsAfter(FailureCode)
        /// Of a removal: the domain goes, the disk stays.
        case failsHalfway(FailureCode)
    }

    let pm: PMID
    let capacity: Resources
    /// What others run there.
    var foreign: Resources
    var mood = Mood.well
    private(set) var domains: [VMID: Domain] = [:]
    /// The VMs that have a disk there.
    private(set) var disks: Set<VMID> = []

    init(pm: PMID, capacity: Resources, foreign: Resources) {
        self.pm = pm
        self.capacity = capacity
        self.foreign = foreign
    }

    /// Gives all that it has of a VM to another PM.
    mutating func handOver(_ vm: VMID, to other: inout HostModel) {
        other.domains[vm] = domains.removeValue(forKey: vm)
        if disks.remove(vm) != nil { other.disks.insert(vm) }
    }

    /// True where nothing of ours is left there.
    var isEmpty: Bool { domains.isEmpty && disks.isEmpty }

    /// Takes a step for a VM as libvirt would: finds what is there, and makes what is missing.
    ///
    /// - Returns: why it failed; nil where it did not.
    mutating func take(_ step: Step, for vm: VirtualMachine?, _ fate: Fate) -> FailureCode? {
        if case .failsBefore(let code) = fate { return code }
        // An image is brought for all VMs.
        guard let vm else { return nil }
        switch step {
        case .image: break
        case .disk: disks.insert(vm.id)
        case .domain:
            if domains[vm.id] == nil {
                guard disks.contains(vm.id) else { return .hypervisor }
                domains[vm.id] = Domain(vm: vm)
            }
        case .start:
            guard domains[vm.id] != nil else { return .hypervisor }
            domains[vm.id]?.isRunning = true
        case .remove:
            domains[vm.id] = nil
            if case .failsHalfway(let code) = fate { return code }
            disks.remove(vm.id)
        }
        if case .failsAfter(let code) = fate { return code }
        return nil
    }

    /// A guest switches itself off.
    mutating func switchOff(_ vm: VMID) { domains[vm]?.isRunning = false }
}

extension Resources {
    /// That many times as much.
    func times(_ factor: Int) -> Resources { combined(with: self) { amount, _ in amount * factor } }
}
