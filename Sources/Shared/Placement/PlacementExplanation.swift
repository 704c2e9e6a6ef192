package import Model

/// How a decision came about, small enough to keep as one line of JSON with each job.
package struct PlacementExplanation: Hashable, Sendable, Codable {
    /// What was found about one PM.
    package struct Consideration: Hashable, Sendable, Codable {
        package let pm: PMID
        /// The first objection to it; nil where it is fit.
        package let objection: String?
        /// The numbers behind each filter's verdict, up to the one that objects.
        package let filters: [String: String]
        /// Each weigher's term, with its factor; nil where it is not fit.
        package let weights: [String: Double]?
    }

    /// The PM to which least was missing.
    package struct NearestMiss: Hashable, Sendable, Codable {
        package let pm: PMID
        /// What it lacks, and what would make the VM fit.
        package let text: String
        /// How much is missing; nil in records of earlier releases.
        package let missing: Resources?
        /// The overcommit under which the VM would fit, by resource; nil where that alone would not do.
        package let overcommit: [String: Double]?
    }

    /// How many PMs are explained in full at most; the rest is counted.
    package static let detailLimit = 32
    /// How many are explained of a fleet that is larger than that, where one was chosen.
    static let runnersUp = 4
    /// How many are explained of such a fleet where none was: a full fleet refuses many, and each record is kept for a week.
    static let refused = 8

    /// The policy that decided.
    package let policy: String
    /// The PM that was chosen; nil for none.
    package private(set) var chosen: PMID?
    /// How many PMs were fit.
    package let fit: Int
    /// How many PMs each objection kept out.
    package let objections: [String: Int]
    /// PMs that were considered, in full: the chosen one first, then by number.
    package private(set) var considered: [Consideration] = []
    /// Where none had headroom: the PM that came nearest.
    package private(set) var nearestMiss: NearestMiss?

    private enum CodingKeys: String, CodingKey {
        case policy, chosen, fit, objections, considered
        case nearestMiss = "nearest_miss"
    }

    /// Makes one that explains no PM in full.
    package init(policy: String, fit: Int = 0, objections: [String: Int] = [:]) {
        self.policy = policy
        self.fit = fit
        self.objections = objections
    }

    /// The objections with their counts, the most frequent first, at most five, and the nearest miss.
    package var summary: String {
        let sorted = objections.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        let reasons = sorted.prefix(5).map { "\($0.value) PM\($0.value == 1 ? "" : "s"): \($0.key)" }
        let counts = reasons.joined(separator: "; ") + (sorted.count > 5 ? "; and others" : "")
        return counts + (nearestMiss.map { "; PM \($0.pm) \($0.text)" } ?? "")
    }

    // MARK: Text

    mutating func add(
        chosen best: Int,
        _ fit: ContiguousArray<Int32>,
        by policy: PlacementPolicy,
        _ request: PlacementRequest,
        _ fleet: FleetSnapshot
    ) {
        chosen = fleet.rows[best].id
        let isSmall = fleet.count <= Self.detailLimit
        let others = isSmall ? Array(fleet.rows.indices) : fit.prefix(Self.runnersUp).map { Int($0) }
        for index in [best] + others.filter({ $0 != best }).prefix(isSmall ? Self.detailLimit : Self.runnersUp - 1) {
            considered.append(Consideration(index, by: policy, request, fleet))
        }
    }

    mutating func add(refusedBy policy: PlacementPolicy, _ request: PlacementRequest, _ fleet: FleetSnapshot) {
        nearestMiss = NearestMiss(to: request, by: policy, fleet)
        let nearest = nearestMiss.flatMap { fleet.index(of: $0.pm) }
        let limit = fleet.count <= Self.detailLimit ? Self.detailLimit : Self.refused
        let others = fleet.rows.indices.lazy.filter { $0 != nearest }.prefix(limit - 1)
        for index in [nearest].compactMap(\.self) + others {
            considered.append(Consideration(index, by: policy, request, fleet))
        }
    }
}

extension PlacementExplanation.Consideration {
    init(_ index: Int, by policy: PlacementPolicy, _ request: PlacementRequest, _ fleet: FleetSnapshot) {
        var figures = [String: String](minimumCapacity: policy.filters.count)
        var objection: String?
        for filter in policy.filters where objection == nil && filter.concerns(request) {
            figures[filter.name] = filter.figures(at: index, of: fleet, for: request)
            objection = filter.verdict(at: index, of: fleet, for: request)
        }
        let row = fleet.rows[index]
        var weights = [String: Double](minimumCapacity: policy.tiers.count)
        for term in policy.tiers.joined() where objection == nil && term.weigher.concerns(request, in: fleet) {
            // A weigher may stand in two tiers; the first of them decides.
            guard weights[term.weigher.name] == nil else { continue }
            let weight = term.factor * term.weigher.weight(of: row, at: index, in: fleet, for: request)
            weights[term.weigher.name] = (weight * 1e6).rounded() / 1e6
        }
        self.init(
            pm: row.id,
            objection: objection,
            filters: figures,
            weights: objection == nil ? weights : nil
        )
    }
}
