import Model

extension PlacementPolicy {
    /// Decides on one request.
    func decide(_ request: PlacementRequest, on fleet: FleetSnapshot) -> PlacementDecision {
        var explanation = PlacementExplanation(policy: name)
        var best: (machine: PhysicalMachine, weights: [Double])?
        var kinds: Set<PlacementObjection.Kind> = []
        for machine in fleet.machines {
            if let objection = objection(to: machine, for: request) {
                kinds.insert(objection.kind)
                explanation.add(machine.id, objection: objection.text)
                continue
            }
            let weights = weighers.map { $0.weight(of: machine, for: request) }
            explanation.add(machine.id, weights: Dictionary(zip(weighers.map(\.name), weights)) { first, _ in first })
            if best.map({ weights.lexicographicallyPrecedes($0.weights) }) ?? true { best = (machine, weights) }
        }
        if let best {
            explanation.chosen = best.machine.id
            return PlacementDecision(outcome: .place(best.machine.id), explanation: explanation)
        }
        if kinds.contains(.unexplored) { return PlacementDecision(outcome: .undecided, explanation: explanation) }
        return PlacementDecision(outcome: .refuse(refusal(kinds, explanation, request)), explanation: explanation)
    }

    private func objection(to machine: PhysicalMachine, for request: PlacementRequest) -> PlacementObjection? {
        for filter in filters {
            if let objection = filter.objection(to: machine, for: request) { return objection }
        }
        return nil
    }

    private func refusal(
        _ kinds: Set<PlacementObjection.Kind>,
        _ explanation: PlacementExplanation,
        _ request: PlacementRequest
    ) -> Failure {
        let needs = "\(request.needs.cpu) CPUs, \(request.needs.ram) MiB, \(request.needs.disk) GiB"
        if kinds.contains(.noRoom) {
            return Failure(
                .noCapacity,
                "no PM has room for \(needs): destroy VMs, add PMs or ask for less",
                cause: explanation.summary
            )
        }
        return Failure(
            .noMachine,
            "no PM takes VMs now: look at /pm/list, the pm_file and the workers' log",
            cause: explanation.summary.isEmpty ? "no PM is listed" : explanation.summary
        )
    }
}
