import Model

/// How machines are chosen: filters say which are fit, tiers of weighers which of the fit comes first.
///
/// A policy is a list of filters and of weighted weighers, and a name under which configuration asks for it.
package struct PlacementPolicy: Sendable {
    /// A weigher with the factor by which it counts.
    package struct Term: Sendable {
        package let weigher: any PlacementWeigher
        /// The factor; negative to turn its order around.
        package let factor: Double

        package init(_ weigher: any PlacementWeigher, times factor: Double = 1) {
            self.weigher = weigher
            self.factor = factor
        }
    }

    /// The name by which configuration asks for it.
    package let name: String
    /// Every one of them must pass a machine; each machine is counted under the first that objects.
    package let filters: [any PlacementFilter]
    /// The lightest sum of the first tier decides; the next decide among equals, and at the end the lower number.
    package let tiers: [[Term]]

    package init(name: String, filters: [any PlacementFilter], tiers: [[Term]]) {
        self.name = name
        self.filters = filters
        self.tiers = tiers
    }

    /// A policy whose machines are ordered by some weighers, once those on which creates failed lately, and those that
    /// have VMs of a group that is to be spread, come last.
    ///
    /// - Parameters:
    ///   - name: the name by which configuration asks for it.
    ///   - oldest: how old a measure may be, in ms.
    ///   - tiers: what orders the machines.
    package init(name: String, oldest: Int = .max, _ tiers: [Term]...) {
        self.init(
            name: name,
            filters: Self.filters(oldest: oldest),
            tiers: [[Term(RecentFailuresWeigher())], [Term(GroupSpreadWeigher())]] + tiers
        )
    }

    private static func filters(oldest: Int) -> [any PlacementFilter] {
        [
            AvailabilityFilter(oldest: oldest), NamedFilter(), ExcludedFilter(), ArchitectureFilter(), TagFilter(),
            NetworkFilter(), GroupFilter(), HeadroomFilter(),
        ]
    }
}

extension PlacementPolicy {
    /// The policy of the original request: the machine used least recently goes first, least load decides among equals.
    package static let seed = PlacementPolicy(
        name: "seed",
        [Term(LeastRecentlyUsedWeigher())],
        [Term(LoadWeigher())]
    )

    /// The machine of which most is free goes first.
    package static let spread = PlacementPolicy(
        name: "spread",
        [
            Term(FreeShareWeigher()), Term(LoadWeigher(), times: 0.2), Term(CachedImageWeigher(), times: 0.05),
        ]
    )

    /// The machine that the VM fills best goes first, so that large VMs find room on others.
    package static let pack = PlacementPolicy(
        name: "pack",
        [Term(PackingWeigher()), Term(CachedImageWeigher(), times: 0.02)]
    )

    /// Any machine with headroom, by chance.
    package static let random = PlacementPolicy(name: "random", [Term(RandomWeigher())])

    /// Every policy that configuration may name.
    package static let all = [seed, spread, pack, random]

    /// Every weigher to which configuration may give a weight.
    package static let weighers: [any PlacementWeigher] = [
        LeastRecentlyUsedWeigher(), LoadWeigher(), FreeShareWeigher(), PackingWeigher(), GroupSpreadWeigher(),
        CachedImageWeigher(), RecentFailuresWeigher(), RandomWeigher(),
    ]

    /// The tier that orders machines in the first place, which weights of the configuration change.
    private static let mainTier = 2

    /// This policy as an installation runs it.
    ///
    /// - Parameters:
    ///   - oldest: how old a measure may be, in ms.
    ///   - weights: factors by weighers' names, which replace the policy's own or are added to them; 0 takes one out.
    ///   - seed: what chance is drawn from.
    /// - Returns: the policy.
    package func configured(oldest: Int = .max, weights: [String: Double] = [:], seed: UInt64 = 0) -> PlacementPolicy {
        var tiers = tiers.map { tier in
            tier.map { $0.weigher is RandomWeigher ? Term(RandomWeigher(seed: seed), times: $0.factor) : $0 }
        }
        if tiers.count > Self.mainTier {
            for weigher in Self.weighers {
                guard let factor = weights[weigher.name] else { continue }
                tiers[Self.mainTier].removeAll { $0.weigher.name == weigher.name }
                let known = weigher is RandomWeigher ? RandomWeigher(seed: seed) : weigher
                if factor != 0 { tiers[Self.mainTier].append(Term(known, times: factor)) }
            }
        }
        let filters = filters.map { $0 is AvailabilityFilter ? AvailabilityFilter(oldest: oldest) : $0 }
        return PlacementPolicy(name: name, filters: filters, tiers: tiers)
    }
}
