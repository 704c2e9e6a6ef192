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
    /// The VMs that have a domain there, and whether it runs.
    private(set) var domains: [VMID: Bool] = [:]
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
    mutating func take(_ step: Step, for vm: VMID?, _ fate: Fate) -> FailureCode? {
        if case .failsBefore(let code) = fate { return code }
        // An image is brought for all VMs.
        guard let vm else { return nil }
        switch step {
        case .image: break
        case .disk: disks.insert(vm)
        case .domain:
            if domains[vm] == nil {
                guard disks.contains(vm) else { return .hypervisor }
                domains[vm] = false
            }
        case .start:
            guard domains[vm] != nil else { return .hypervisor }
            domains[vm] = true
        case .remove:
            domains[vm] = nil
            if case .failsHalfway(let code) = fate { return code }
            disks.remove(vm)
        }
        if case .failsAfter(let code) = fate { return code }
        return nil
    }

    /// Probes it.
    ///
    /// - Parameters:
    ///   - machine: the record as it stood when the probe began.
    ///   - needs: what a VM needs.
    /// - Returns: its state and, where all of it answered, its measure.
    func probe(_ machine: PhysicalMachine, _ needs: (VMID) -> Resources) -> (PMState, PMMeasure?) {
        switch mood {
        case .away: return (.unknown, nil)
        case .half: return (.degraded, nil)
        case .well, .failing, .full, .slow: break
        }
        let running = domains.filter(\.value).keys.reduce(into: Resources.zero) { $0 += needs($1) }
        let promised = machine.listing.overcommit.applied(to: capacity)
        let measure = PMMeasure(
            capacity: capacity,
            available: Resources(
                cpu: promised.cpu,
                ram: max(0, capacity.ram - foreign.ram - running.ram / 2),
                disk: capacity.disk - foreign.disk
            ),
            foreign: foreign,
            claimed: machine.claimed,
            load: Double(running.cpu)
        )
        return (.up, measure)
    }
}

extension Resources {
    /// That many times as much.
    func times(_ factor: Int) -> Resources { combined(with: self) { amount, _ in amount * factor } }
}
