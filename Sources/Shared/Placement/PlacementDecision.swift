package import Model

/// What becomes of one request, and why.
package struct PlacementDecision: Hashable, Sendable {
    /// The outcome of a decision.
    package enum Outcome: Hashable, Sendable {
        /// It goes on this PM.
        case place(PMID)
        /// It goes nowhere, and here is why.
        case refuse(Failure)
        /// A PM that could take it was not probed yet: decide when it was.
        case undecided
    }

    /// What becomes of the request.
    package let outcome: Outcome
    /// How that came about, PM by PM.
    package let explanation: PlacementExplanation

    /// The PM that was chosen; nil for none.
    package var machine: PMID? {
        if case .place(let machine) = outcome { machine } else { nil }
    }
}

/// Decides where each request goes, in order, each after the claims of the ones before it.
///
/// Pure: the same fleet, requests and policy give the same decisions.
///
/// - Parameters:
///   - requests: who wants a place, oldest first.
///   - fleet: the machines as they are known.
///   - policy: which machines are fit, and which of them comes first.
/// - Returns: a decision a request, in order. It ends with the first that is undecided, since order is strict, but for
///   requests that only one machine will do for: those wait for that machine beside the queue.
package func plan(
    _ requests: [PlacementRequest],
    on fleet: FleetSnapshot,
    by policy: PlacementPolicy
) -> [PlacementDecision] {
    var fleet = fleet
    var decisions: [PlacementDecision] = []
    decisions.reserveCapacity(requests.count)
    guard let first = requests.first else { return [] }
    let open = policy.openMachines(of: fleet, for: first)
    for (number, request) in requests.enumerated() {
        let present = request.movesFrom.map { fleet.withoutGroups(of: request, on: $0) } ?? fleet
        let decision = policy.decide(request, on: present, among: open)
        decisions.append(decision)
        switch decision.outcome {
        // Nobody reads what the last one leaves, and the rows would be copied for it.
        case .place(let machine):
            if number + 1 < requests.count, let index = fleet.index(of: machine) { fleet.claim(request, at: index) }
        case .refuse: break
        case .undecided: if request.constraints.pm == nil { return decisions }
        }
    }
    return decisions
}
