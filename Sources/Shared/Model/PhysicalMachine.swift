/// A physical machine that runs libvirt, with what is known of it.
package struct PhysicalMachine: Hashable, Sendable {
    /// Its number, from 1 in the order of the PM file.
    package let id: PMID
    /// Where it is and how it is to be treated, as the PM file says.
    package var listing: PMListing
    /// Whether it may be used.
    package var state: PMState
    /// True once discovery has probed it, with or without success.
    package var isProbed: Bool
    /// True where people have closed it to new VMs.
    package var isCordoned: Bool
    /// False once the PM file no longer lists it; VMs on it may still be destroyed.
    package var isListed: Bool
    /// The PM that stands for the same machine, where this is one more address of it; nil where it stands for itself.
    package var aliasOf: PMID?
    /// What distinguishes the machine from all others; nil where it did not report it.
    package var identity: String?
    /// What discovery measured last; nil before its first success.
    package var measure: PMMeasure?
    /// What VMs of ours hold.
    package var claimed: Resources
    /// How many VMs of ours it holds.
    package var vmCount: Int
    /// Grows with each placement over the fleet; 0 where it was never used.
    package var lastUsed: Int
    /// Creates that failed on it since the last one that did not; a successful probe takes one off.
    package var failures: Int
    /// Its architecture, as `x86_64`; nil before libvirt reported it.
    package var architecture: String?
    /// How guests run there, where a probe decided that; nil before, and where nobody can say how long that holds.
    package var probedDomainType: ProbedDomainType?
    /// Tags that people gave it beside those of the PM file.
    package var addedTags: Set<String>
    /// How many VMs of each group it holds.
    package var groups: [String: Int]
    /// The images of which it has a copy.
    package var cachedImages: Set<ImageID>
    /// The networks and bridges that VMs can be attached to there; nil where it did not report them.
    package var networks: Set<VMNetwork>?

    package init(
        id: PMID,
        listing: PMListing,
        state: PMState = .unknown,
        isProbed: Bool = false,
        isCordoned: Bool = false,
        isListed: Bool = true,
        aliasOf: PMID? = nil,
        identity: String? = nil,
        measure: PMMeasure? = nil,
        claimed: Resources = .zero,
        vmCount: Int = 0,
        lastUsed: Int = 0,
        failures: Int = 0,
        architecture: String? = nil,
        probedDomainType: ProbedDomainType? = nil,
        addedTags: Set<String> = [],
        groups: [String: Int] = [:],
        cachedImages: Set<ImageID> = [],
        networks: Set<VMNetwork>? = nil
    ) {
        self.id = id
        self.listing = listing
        self.state = state
        self.isProbed = isProbed
        self.isCordoned = isCordoned
        self.isListed = isListed
        self.aliasOf = aliasOf
        self.identity = identity
        self.measure = measure
        self.claimed = claimed
        self.vmCount = vmCount
        self.lastUsed = lastUsed
        self.failures = failures
        self.architecture = architecture
        self.probedDomainType = probedDomainType
        self.addedTags = addedTags
        self.groups = groups
        self.cachedImages = cachedImages
        self.networks = networks
    }

    /// Names the run of its kernel, the second part of its identity; nil where it did not say it.
    package var bootID: String? {
        let parts = identity?.split(separator: "/", omittingEmptySubsequences: false) ?? []
        return parts.count == 3 ? String(parts[1]) : nil
    }

    /// All its tags.
    package var tags: Set<String> { listing.tags.union(addedTags) }

    /// True where new VMs may come.
    package var takesVMs: Bool { state == .up && !isCordoned && isListed && measure != nil }

    /// What placement may still use.
    ///
    /// Capacity times overcommit, less the reserve, foreign domains and claims; and never more than discovery measured
    /// as available, less the reserve and what has been claimed since or was not used yet. Never negative.
    package var headroom: Resources { headroomTerms.headroom }

    /// The terms of `headroom`.
    package var headroomTerms: HeadroomTerms {
        guard let measure else { return HeadroomTerms() }
        return HeadroomTerms(
            promised: listing.overcommit.applied(to: measure.capacity) - listing.reserve - measure.foreign - claimed,
            available: measure.available - listing.reserve,
            claimedSince: claimed - measure.claimed
        )
    }
}

/// The headroom of a machine, by what may be promised and by what was measured.
package struct HeadroomTerms: Hashable, Sendable {
    /// What may still be promised; negative where more is claimed than may be.
    package var promised: Resources
    /// What was measured as available, less the reserve.
    package var available: Resources
    /// What was claimed since the measure or not used yet then, less what was freed.
    package var claimedSince: Resources

    /// Makes terms; without any there is no headroom.
    package init(promised: Resources = .zero, available: Resources = .zero, claimedSince: Resources = .zero) {
        self.promised = promised
        self.available = available
        self.claimedSince = claimedSince
    }

    /// What may still be used; never negative.
    package var headroom: Resources {
        let measured = available - claimedSince.combined(with: .zero, by: max)
        return promised.combined(with: measured, by: min).combined(with: .zero, by: max)
    }

    /// What is left once an amount is claimed as well.
    ///
    /// - Parameter needs: the amount; negative to give it back.
    /// - Returns: what is left.
    package func claiming(_ needs: Resources) -> HeadroomTerms {
        HeadroomTerms(promised: promised - needs, available: available, claimedSince: claimedSince + needs)
    }
}

/// Whether a PM may be used, as discovery found.
package enum PMState: String, Hashable, Sendable, CaseIterable {
    /// Both ssh and libvirt answered.
    case up
    /// One of ssh and libvirt answered, the other did not.
    case degraded
    /// It is one more address of a machine for which another PM stands, and takes no VMs.
    case alias
    /// Nothing is known: not probed yet, or silent. Never taken for empty.
    case unknown
}

/// What discovery measured on a PM at one moment.
package struct PMMeasure: Hashable, Sendable {
    /// What the machine has.
    package var capacity: Resources
    /// What it had to spare when it was measured.
    package var available: Resources
    /// What domains that are not ours use.
    package var foreign: Resources
    /// How much claimed memory, CPU and disk the measurement already includes; what is claimed and not used yet is not in it.
    package var claimed: Resources
    /// The load average over one minute, in runnable tasks; nil where that is not known.
    package var load: Double?
    /// When it was measured, in ms since 1970 by the clock of Redis; nil where that is not known.
    package var time: Int?

    package init(
        capacity: Resources,
        available: Resources,
        foreign: Resources = .zero,
        claimed: Resources = .zero,
        load: Double? = nil,
        time: Int? = nil
    ) {
        self.capacity = capacity
        self.available = available
        self.foreign = foreign
        self.claimed = claimed
        self.load = load
        self.time = time
    }
}
