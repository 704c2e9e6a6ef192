/// A physical machine that runs libvirt, with what is known of it.
public struct PhysicalMachine: Hashable, Sendable {
    /// Its number, from 1 in the order of the PM file.
    public let id: PMID
    /// Where it is and how it is to be treated, as the PM file says.
    public var listing: PMListing
    /// Whether it may be used.
    public var state: PMState
    /// True once discovery has looked at it, with or without success.
    public var isExplored: Bool
    /// True where people have closed it to new VMs.
    public var isCordoned: Bool
    /// False once the PM file no longer lists it; VMs on it may still be destroyed.
    public var isListed: Bool
    /// What discovery measured last; nil before its first success.
    public var measure: PMMeasure?
    /// What VMs of ours hold.
    public var claimed: Resources
    /// How many VMs of ours it holds.
    public var vmCount: Int
    /// Grows with each placement over the fleet; 0 where it was never used.
    public var lastUsed: Int
    /// Creates that failed on it since the last one that did not; a good look takes one off.
    public var failures: Int

    /// Makes a record.
    ///
    /// - Parameters:
    ///   - id: its number.
    ///   - listing: what the PM file says.
    ///   - state: whether it may be used.
    ///   - isExplored: discovery has looked at it.
    ///   - isCordoned: closed to new VMs by people.
    ///   - isListed: still in the PM file.
    ///   - measure: what discovery measured last.
    ///   - claimed: what VMs of ours hold.
    ///   - vmCount: how many VMs of ours it holds.
    ///   - lastUsed: the placement that used it last.
    ///   - failures: creates that failed on it lately.
    public init(
        id: PMID,
        listing: PMListing,
        state: PMState = .unknown,
        isExplored: Bool = false,
        isCordoned: Bool = false,
        isListed: Bool = true,
        measure: PMMeasure? = nil,
        claimed: Resources = .zero,
        vmCount: Int = 0,
        lastUsed: Int = 0,
        failures: Int = 0
    ) {
        self.id = id
        self.listing = listing
        self.state = state
        self.isExplored = isExplored
        self.isCordoned = isCordoned
        self.isListed = isListed
        self.measure = measure
        self.claimed = claimed
        self.vmCount = vmCount
        self.lastUsed = lastUsed
        self.failures = failures
    }

    /// True where new VMs may come.
    public var takesVMs: Bool { state == .up && !isCordoned && isListed && measure != nil }

    /// What placement may still use.
    ///
    /// Capacity times overcommit, less foreign domains, less claims; and never more than discovery measured as
    /// available, less what has been claimed since. Never negative.
    public var free: Resources {
        guard let measure else { return .zero }
        let promised = listing.overcommit.applied(to: measure.capacity) - measure.foreign - claimed
        let claimedSince = (claimed - measure.claimed).combined(with: .zero, by: max)
        let measured = measure.available - claimedSince
        return promised.combined(with: measured, by: min).combined(with: .zero, by: max)
    }
}

/// Whether a PM may be used, as discovery found.
public enum PMState: String, Hashable, Sendable, CaseIterable {
    /// Both ssh and libvirt answered.
    case up
    /// One of ssh and libvirt answered, the other did not.
    case degraded
    /// Nothing is known: not looked at yet, or silent. Never taken for empty.
    case unknown
}

/// What discovery measured on a PM at one moment.
public struct PMMeasure: Hashable, Sendable {
    /// What the machine has.
    public var capacity: Resources
    /// What it had to spare when it was measured.
    public var available: Resources
    /// What domains that are not ours use.
    public var foreign: Resources
    /// What VMs of ours held when it was measured.
    public var claimed: Resources
    /// The load average over one minute, in runnable tasks.
    public var load: Double

    /// Makes a measure.
    ///
    /// - Parameters:
    ///   - capacity: what the machine has.
    ///   - available: what it had to spare.
    ///   - foreign: what domains that are not ours use.
    ///   - claimed: what VMs of ours held at that moment.
    ///   - load: the load average over one minute.
    public init(
        capacity: Resources,
        available: Resources,
        foreign: Resources = .zero,
        claimed: Resources = .zero,
        load: Double = 0
    ) {
        self.capacity = capacity
        self.available = available
        self.foreign = foreign
        self.claimed = claimed
        self.load = load
    }
}
