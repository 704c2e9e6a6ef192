import Model

extension PlacementPolicy {
    /// The machines that pass whoever asks, with the others counted.
    typealias Open = (machines: ContiguousArray<Int32>, tally: PlacementTally)

    /// What the filters say that ask nothing of the request.
    func openMachines(of fleet: FleetSnapshot, for request: PlacementRequest) -> Open {
        var open = Open(ContiguousArray(0..<Int32(truncatingIfNeeded: fleet.count)), PlacementTally())
        for filter in filters where filter.isSameForAll {
            filter.narrow(&open.machines, of: fleet, for: request, &open.tally)
        }
        return open
    }

    /// Decides on one request.
    ///
    /// - Parameters:
    ///   - request: the request.
    ///   - fleet: the fleet.
    ///   - open: the machines that pass whoever asks; nil to find them.
    /// - Returns: the decision.
    func decide(
        _ request: PlacementRequest,
        on fleet: FleetSnapshot,
        among open: Open? = nil
    ) -> PlacementDecision {
        var (fit, tally) = open ?? openMachines(of: fleet, for: request)
        for filter in filters where !filter.isSameForAll && filter.concerns(request) {
            filter.narrow(&fit, of: fleet, for: request, &tally)
        }
        var explanation = PlacementExplanation(policy: name, fit: fit.count, objections: tally.counts)
        guard !fit.isEmpty else {
            explanation.add(refusedBy: self, request, fleet)
            if tally.kinds.contains(.unprobed), awaitsProbe(request, in: fleet) {
                return PlacementDecision(outcome: .undecided, explanation: explanation)
            }
            let failure = Failure(refusing: request, tally.kinds, explanation)
            return PlacementDecision(outcome: .refuse(failure), explanation: explanation)
        }
        let best = lightest(of: fit, for: request, in: fleet)
        let machine = fleet.rows[best].id
        explanation.add(chosen: best, fit, by: self, request, fleet)
        return PlacementDecision(outcome: .place(machine), explanation: explanation)
    }

    /// Whether a machine that is not known well enough may turn out to be fit; its headroom is not known either.
    private func awaitsProbe(_ request: PlacementRequest, in fleet: FleetSnapshot) -> Bool {
        let filters = filters.filter { $0.concerns(request) }
        return fleet.rows.indices.contains { index in
            let kinds = filters.compactMap { $0.objectionKind(at: index, of: fleet, for: request) }
            return kinds.contains(.unprobed) && kinds.allSatisfy { $0 == .unprobed || $0 == .noHeadroom }
        }
    }

    /// The machine that comes first, by the tiers and at the end by number.
    private func lightest(
        of fit: ContiguousArray<Int32>,
        for request: PlacementRequest,
        in fleet: FleetSnapshot
    ) -> Int {
        var best = fit
        for tier in tiers where best.count > 1 {
            let terms = tier.filter { $0.weigher.concerns(request, in: fleet) }
            guard let first = terms.first else { continue }
            if terms.count == 1, first.factor > 0 {
                first.weigher.keepLightest(of: &best, in: fleet, for: request)
                continue
            }
            var sums = ContiguousArray(repeating: 0.0, count: best.count)
            for term in terms {
                term.weigher.add(to: &sums, times: term.factor, of: best, in: fleet, for: request)
            }
            keepSmallest(of: &best, by: sums)
        }
        return Int(best.first ?? fit[0])
    }
}

/// Keeps the candidates with the smallest sum.
private func keepSmallest(of candidates: inout ContiguousArray<Int32>, by sums: ContiguousArray<Double>) {
    let kept = candidates.withUnsafeMutableBufferPointer { candidates in
        sums.withUnsafeBufferPointer { sums in
            var (least, kept) = (Double.infinity, 0)
            for position in candidates.indices where sums[position] <= least {
                if sums[position] < least { (least, kept) = (sums[position], 0) }
                candidates[kept] = candidates[position]
                kept += 1
            }
            return kept
        }
    }
    candidates.removeLast(candidates.count - kept)
}

extension Failure {
    fileprivate init(
        refusing request: PlacementRequest,
        _ kinds: Set<PlacementObjectionKind>,
        _ explanation: PlacementExplanation
    ) {
        let needs = "\(request.needs.cpu) CPUs, \(request.needs.ram) MiB, \(request.needs.disk) GiB"
        let cause = explanation.summary.isEmpty ? "no PM is listed" : explanation.summary
        if kinds.contains(.noHeadroom) {
            self.init(.noCapacity, "no PM has room for \(needs): destroy VMs, add PMs or ask for less", cause: cause)
        } else if kinds.contains(.excluded) {
            self.init(
                .noMatch,
                "no available PM satisfies the constraints of the request: relax them",
                cause: cause
            )
        } else {
            self.init(
                .noMachine,
                "no PM takes VMs now: check /pm/list, the pm_file and the workers' log",
                cause: cause
            )
        }
    }
}
