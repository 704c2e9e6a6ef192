public import Model

/// One VM that wants a place.
public struct PlacementRequest: Hashable, Sendable {
    /// The VM.
    public let vm: VMID
    /// What it needs.
    public let needs: Resources
    /// The machines that failed it.
    public let tried: Set<PMID>

    /// Makes a request.
    ///
    /// - Parameters:
    ///   - vm: the VM.
    ///   - needs: what it needs.
    ///   - tried: the machines that failed it.
    public init(vm: VMID, needs: Resources, tried: Set<PMID> = []) {
        self.vm = vm
        self.needs = needs
        self.tried = tried
    }
}

/// What becomes of one request, and why.
public struct PlacementDecision: Hashable, Sendable {
    /// The outcome of a decision.
    public enum Outcome: Hashable, Sendable {
        /// It goes on this PM.
        case place(PMID)
        /// It goes nowhere, and here is why.
        case refuse(Failure)
        /// A PM that could take it has not been looked at yet: decide when it has been.
        case undecided
    }

    /// What becomes of the request.
    public let outcome: Outcome
    /// How that came about, PM by PM.
    public let explanation: PlacementExplanation
}

/// Decides where each request goes, in order, each after the ones before it took their room.
///
/// Pure: the same fleet, requests and policy give the same decisions.
///
/// - Parameters:
///   - requests: who wants a place, oldest first.
///   - fleet: the machines as they are known.
///   - policy: which machines are fit, and which of them comes first.
/// - Returns: a decision a request, in order; it ends with the first that is undecided, since order is strict.
public func plan(
    _ requests: [PlacementRequest],
    on fleet: FleetSnapshot,
    by policy: PlacementPolicy
) -> [PlacementDecision] {
    var fleet = fleet
    var decisions: [PlacementDecision] = []
    for request in requests {
        let decision = policy.decide(request, on: fleet)
        decisions.append(decision)
        switch decision.outcome {
        case .place(let machine): fleet.claim(request.needs, on: machine)
        case .refuse: break
        case .undecided: return decisions
        }
    }
    return decisions
}
