package import Model

/// What becomes of requests that get their places together or not at all.
package enum BatchDecision: Hashable, Sendable {
    /// Each goes on its PM: a decision a request, in their order.
    case place([PlacementDecision])
    /// None gets a place: why, with how one of those that did not fit came to none.
    case refuse(Failure, PlacementExplanation)
    /// A PM that could take one of them was not probed yet: decide when it was.
    case undecided
}

/// Decides on batches in order, each all or nothing, and each after the claims of the ones before it.
///
/// Pure: the same fleet, requests and policy give the same decisions. Requests of a batch are placed in their order. Where
/// one finds no place so, the larger ones are placed first: a small one may have taken the only place of a large one.
///
/// - Parameters:
///   - batches: the requests of each batch.
///   - fleet: the machines as they are known.
///   - policy: which machines are fit, and which of them comes first.
/// - Returns: a decision a batch, in order.
package func plan(
    batches: [[PlacementRequest]],
    on fleet: FleetSnapshot,
    by policy: PlacementPolicy
) -> [BatchDecision] {
    var fleet = fleet
    var refused: [PlacementRequest: BatchDecision] = [:]
    return batches.map { requests in
        // What one has no place for, another one that asks for the same finds none for either: claims free nothing.
        let alone = requests.count == 1 && requests[0].constraints.groups.isEmpty ? requests[0].ofAnyVM : nil
        if let known = alone.flatMap({ refused[$0] }) { return known }
        let decision = BatchAttempt.decide(on: requests, &fleet, by: policy)
        if let alone, case .refuse = decision { refused[alone] = decision }
        return decision
    }
}

/// One try at placing all requests of a batch, in some order.
private struct BatchAttempt {
    /// The decisions at the indices of their requests; nil behind an undecided one.
    private var decisions: [PlacementDecision?]
    /// What is left when all were placed.
    private var fleet: FleetSnapshot

    private init(_ requests: [PlacementRequest], in order: [Int], on fleet: FleetSnapshot, by policy: PlacementPolicy) {
        decisions = Array(repeating: nil, count: requests.count)
        self.fleet = fleet
        for index in order {
            let request = requests[index]
            let decision = policy.decide(request, on: self.fleet)
            decisions[index] = decision
            if let machine = decision.machine, let at = self.fleet.index(of: machine) {
                self.fleet.claim(request, at: at)
            }
            if decision.outcome == .undecided { return }
        }
    }

    private var placed: [PlacementDecision]? {
        let placed = decisions.compactMap { $0?.machine == nil ? nil : $0 }
        return placed.count == decisions.count ? placed : nil
    }

    private var isUndecided: Bool { decisions.contains { $0?.outcome == .undecided } }

    static func decide(
        on requests: [PlacementRequest],
        _ fleet: inout FleetSnapshot,
        by policy: PlacementPolicy
    ) -> BatchDecision {
        var attempts: [BatchAttempt] = []
        let largestFirst = requests.indices.sorted { (requests[$1].size, $0) < (requests[$0].size, $1) }
        for order in [Array(requests.indices), largestFirst] where attempts.isEmpty || order != Array(requests.indices)
        {
            let attempt = BatchAttempt(requests, in: order, on: fleet, by: policy)
            if let placed = attempt.placed {
                fleet = attempt.fleet
                return .place(placed)
            }
            if attempt.isUndecided { return .undecided }
            attempts.append(attempt)
        }
        return refusal(attempts)
    }

    /// Why none of the attempts came to a place for each.
    private static func refusal(_ attempts: [BatchAttempt]) -> BatchDecision {
        let best = attempts.max { $0.count < $1.count }
        let refused = best?.decisions.lazy.compactMap(\.self).first { $0.machine == nil }
        guard let best, let refused, case .refuse(let failure) = refused.outcome else { return .undecided }
        guard best.decisions.count > 1 else { return .refuse(failure, refused.explanation) }
        return .refuse(
            Failure(
                failure.code,
                "\(best.count) of \(best.decisions.count) fit, and the batch gets all places or none: \(failure.message)",
                cause: failure.cause
            ),
            refused.explanation
        )
    }

    /// How many found a place.
    private var count: Int { decisions.count { $0?.machine != nil } }
}

extension PlacementRequest {
    /// The same for no VM in particular.
    fileprivate var ofAnyVM: PlacementRequest {
        PlacementRequest(
            vm: nil,
            needs: needs,
            image: image,
            constraints: constraints,
            excludedPMs: excludedPMs,
            movesFrom: movesFrom
        )
    }

    /// For comparing: memory is what PMs run out of first.
    fileprivate var size: Int { needs.ram * 4096 + needs.disk * 16 + needs.cpu }
}
