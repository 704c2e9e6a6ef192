package import Model

/// A request for a place that got none.
package struct Refusal: Hashable, Sendable {
    package let needs: Resources
    /// Why, as a code of failures.
    package let code: String
    /// The PM to which least was missing; nil where no PM lacked headroom alone.
    package let miss: PlacementExplanation.NearestMiss?

    package init(needs: Resources, code: String, miss: PlacementExplanation.NearestMiss?) {
        (self.needs, self.code, self.miss) = (needs, code, miss)
    }
}

/// What was lacking when requests got no place, and the one remedy of each kind that would have served most.
package struct RefusalAnalysis: Hashable, Sendable {
    /// One more PM.
    package struct ExtraPM: Hashable, Sendable {
        /// The PM that has this size; of several the first.
        package let like: PMID
        /// What may be promised of it.
        package let amount: Resources
        /// How many requests would have had a place on it, in the order in which they came.
        package let serves: Int
    }

    /// A higher overcommit of one resource.
    package struct Overcommit: Hashable, Sendable {
        package let resource: String
        /// The least with which each of these requests would have had a place.
        package let factor: Double
        /// How many requests lacked nothing else, each by itself.
        package let serves: Int
    }

    /// How many there were of each code.
    package let codes: [String: Int]
    /// How many lacked a resource at the PM that came nearest; one may lack several.
    package let lacking: [String: Int]
    package let extraPM: ExtraPM?
    package let overcommit: Overcommit?
}

/// Works out what requests that got no place were lacking.
///
/// Pure. Remedies are looked for only for those that some PM lacked nothing but headroom for: what a constraint keeps out, more
/// of the same does not serve.
///
/// - Parameters:
///   - refusals: the refusals, oldest first.
///   - fleet: the PMs, whose sizes are those of the PM that might be added.
/// - Returns: the analysis.
package func analyze(_ refusals: [Refusal], on fleet: FleetSnapshot) -> RefusalAnalysis {
    let short = refusals.filter { $0.miss != nil }
    var lacking: [String: Int] = [:]
    for missing in short.compactMap(\.miss?.missing) {
        for (name, amount) in [("cpu", missing.cpu), ("ram", missing.ram), ("disk", missing.disk)] where amount > 0 {
            lacking[name, default: 0] += 1
        }
    }
    return RefusalAnalysis(
        codes: refusals.reduce(into: [:]) { $0[$1.code, default: 0] += 1 },
        lacking: lacking,
        extraPM: extraPM(for: short.map(\.needs), on: fleet),
        overcommit: overcommit(for: short.compactMap(\.miss))
    )
}

/// How many different sizes of PMs are tried at most, those of most PMs.
private let mostSizes = 32

private func extraPM(for needs: [Resources], on fleet: FleetSnapshot) -> RefusalAnalysis.ExtraPM? {
    var sizes: [Resources: (like: PMID, count: Int)] = [:]
    for machine in fleet.machines where machine.isListed && machine.aliasOf == nil {
        guard let capacity = machine.measure?.capacity else { continue }
        let amount = machine.listing.overcommit.applied(to: capacity) - machine.listing.reserve
        sizes[amount, default: (machine.id, 0)].count += 1
    }
    let candidates = sizes.sorted { ($1.value.count, $0.value.like) < ($0.value.count, $1.value.like) }
        .prefix(mostSizes).map { amount, size in
            RefusalAnalysis.ExtraPM(like: size.like, amount: amount, serves: served(needs, on: amount))
        }
    // Of those that serve as many, the size that most PMs have.
    let best = candidates.max { $0.serves < $1.serves }?.serves ?? 0
    return best > 0 ? candidates.first { $0.serves == best } : nil
}

/// How many of these fit, each after the ones before it took theirs.
private func served(_ needs: [Resources], on amount: Resources) -> Int {
    var (left, count) = (amount, 0)
    for each in needs where each.fits(in: left) {
        left -= each
        count += 1
    }
    return count
}

private func overcommit(for misses: [PlacementExplanation.NearestMiss]) -> RefusalAnalysis.Overcommit? {
    var factors: [String: [Double]] = [:]
    for miss in misses {
        guard let needed = miss.overcommit, needed.count == 1, let (resource, factor) = needed.first else { continue }
        factors[resource, default: []].append(factor)
    }
    let best = factors.max { ($0.value.count, $1.key) < ($1.value.count, $0.key) }
    return best.map { resource, factors in
        RefusalAnalysis.Overcommit(resource: resource, factor: factors.max() ?? 1, serves: factors.count)
    }
}
