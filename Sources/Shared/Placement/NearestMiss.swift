import Model

extension PlacementExplanation.NearestMiss {
    /// Of the PMs that lack nothing but headroom, the one that lacks the smallest share of what the VM needs.
    init?(to request: PlacementRequest, by policy: PlacementPolicy, _ fleet: FleetSnapshot) {
        let others = policy.filters.filter { !($0 is HeadroomFilter) && $0.concerns(request) }
        var nearest: (index: Int, shortage: Double)?
        for index in fleet.rows.indices {
            let shortage = Self.shortage(of: fleet.rows[index], request.needs)
            guard shortage > 0, shortage < nearest?.shortage ?? .infinity else { continue }
            if others.allSatisfy({ $0.verdict(at: index, of: fleet, for: request) == nil }) {
                nearest = (index, shortage)
            }
        }
        guard let nearest else { return nil }
        let terms = fleet.headroomTerms(at: nearest.index)
        let missing = (request.needs - terms.headroom).combined(with: .zero, by: max)
        let factors = Self.remedy(fleet.entries[nearest.index].machine, terms, request.needs)
        self.init(
            pm: fleet.rows[nearest.index].id,
            text: Self.text(missing, factors),
            missing: missing,
            overcommit: factors.map { Dictionary($0.map { ($0.resource, $0.factor) }) { first, _ in first } }
        )
    }

    /// How much of what is needed is missing, as a share; the scarcest resource counts.
    private static func shortage(of row: PMRow, _ needs: Resources) -> Double {
        func share(_ needs: Int, _ headroom: Int) -> Double {
            needs > headroom ? Double(needs - headroom) / Double(needs) : 0
        }
        let headroom = row.headroomAmount
        return max(share(needs.cpu, headroom.cpu), share(needs.ram, headroom.ram), share(needs.disk, headroom.disk))
    }

    private static func text(_ missing: Resources, _ factors: [Factor]?) -> String {
        let amounts = [
            (missing.cpu, missing.cpu == 1 ? "CPU" : "CPUs"), (missing.ram, "MiB"), (missing.disk, "GiB of disk"),
        ]
        let lacks = "lacks " + amounts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
        guard let factors else { return lacks }
        let settings = factors.map { "overcommit_\($0.resource)=\($0.factor)" }.joined(separator: " ")
        return lacks + "; with \(settings) it fits"
    }

    /// An overcommit of a resource.
    private typealias Factor = (resource: String, factor: Double)

    /// By which overcommit the VM would fit; nil where it is not promises that are short, or the factor would be absurd.
    private static func remedy(_ machine: PhysicalMachine, _ terms: HeadroomTerms, _ needs: Resources) -> [Factor]? {
        guard let capacity = machine.measure?.capacity else { return nil }
        let measured = terms.available - terms.claimedSince.combined(with: .zero, by: max)
        let now = machine.listing.overcommit
        let resources: [(name: String, needs: Int, promised: Int, measured: Int, capacity: Int, factor: Double)] = [
            ("cpu", needs.cpu, terms.promised.cpu, measured.cpu, capacity.cpu, now.cpu),
            ("ram", needs.ram, terms.promised.ram, measured.ram, capacity.ram, now.ram),
            ("disk", needs.disk, terms.promised.disk, measured.disk, capacity.disk, now.disk),
        ]
        var factors: [Factor] = []
        for each in resources where each.needs > min(each.promised, each.measured) {
            // What was measured of CPUs is what was promised: they are shared, not used up.
            let isPromise = each.needs > each.promised && (each.name == "cpu" || each.needs <= each.measured)
            let wanted = Double(each.capacity) * each.factor + Double(each.needs - each.promised)
            let factor = (wanted / Double(max(each.capacity, 1)) * 100).rounded(.up) / 100
            guard isPromise, each.capacity > 0, factor <= 100 else { return nil }
            factors.append((each.name, factor))
        }
        return factors.isEmpty ? nil : factors
    }
}
