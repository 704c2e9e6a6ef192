import Model

extension PlacementPolicy {
    /// Decides on one request.
    func decide(_ request: PlacementRequest, on fleet: FleetSnapshot) -> PlacementDecision {
        var tally = PlacementTally()
        let fit = fitMachines(for: request, of: fleet, &tally)
        var explanation = PlacementExplanation(policy: name, fit: fit.count, objections: tally.counts)
        guard !fit.isEmpty else {
            explanation.add(refusedBy: self, request, fleet)
            if tally.kinds.contains(.unexplored) {
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

    /// The machines that all filters pass.
    private func fitMachines(
        for request: PlacementRequest,
        of fleet: FleetSnapshot,
        _ tally: inout PlacementTally
    ) -> ContiguousArray<Int32> {
        var candidates = ContiguousArray(0..<Int32(truncatingIfNeeded: fleet.count))
        for filter in filters where filter.concerns(request) {
            filter.narrow(&candidates, of: fleet, for: request, &tally)
        }
        return candidates
    }

    /// The machine that comes first, by the tiers and at the end by number.
    private func lightest(
        of fit: ContiguousArray<Int32>,
        for request: PlacementRequest,
        in fleet: FleetSnapshot
    ) -> Int {
        var best = fit
        for tier in tiers where best.count > 1 {
            let terms = tier.filter { $0.weigher.concerns(request) }
            guard let first = terms.first else { continue }
            if terms.count == 1, first.factor > 0 {
                first.weigher.keepLightest(of: &best, in: fleet, for: request)
                continue
            }
            var sums = ContiguousArray(repeating: 0.0, count: best.count)
            for term in terms {
                term.weigher.add(to: &sums, times: term.factor, of: best, in: fleet, for: request)
            }
            let least = sums.min() ?? 0
            best = ContiguousArray(zip(best, sums).lazy.filter { $0.1 == least }.map(\.0))
        }
        return Int(best.first ?? fit[0])
    }
}

extension Failure {
    fileprivate init(
        refusing request: PlacementRequest,
        _ kinds: Set<PlacementObjectionKind>,
        _ explanation: PlacementExplanation
    ) {
        let needs = "\(request.needs.cpu) CPUs, \(request.needs.ram) MiB, \(request.needs.disk) GiB"
        let cause = explanation.summary.isEmpty ? "no PM is listed" : explanation.summary
        if kinds.contains(.noRoom) {
            self.init(.noCapacity, "no PM has room for \(needs): destroy VMs, add PMs or ask for less", cause: cause)
        } else if kinds.contains(.excluded) {
            self.init(
                .noMatch,
                "no PM that takes VMs now is one that the request may go to: ask for less",
                cause: cause
            )
        } else {
            self.init(
                .noMachine,
                "no PM takes VMs now: look at /pm/list, the pm_file and the workers' log",
                cause: cause
            )
        }
    }
}
