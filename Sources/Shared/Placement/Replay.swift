package import Model

/// What happened to VMs, in order: the input of a replay.
package enum TraceEvent: Hashable, Sendable {
    /// A VM was asked for.
    case create(PlacementRequest)
    /// A VM's end was asked for.
    case destroy(VMID)
}

/// What a policy makes of a trace.
package struct ReplayReport: Hashable, Sendable {
    /// How many VMs found a place.
    package private(set) var placed = 0
    /// How many did not.
    package private(set) var refused = 0
    /// The share of PMs that are empty at the end, and could be switched off.
    package private(set) var emptyShare = 0.0
    /// The share of what is free at the end, in the resource that is scarcest, that lies on PMs with no room for a VM of
    /// the trace's largest size.
    package private(set) var fragmentation = 0.0
    /// The spread of the PMs' use at the end: the standard deviation of the used share of the scarcest resource.
    package private(set) var imbalance = 0.0
}

/// Runs a trace through a policy, on a fleet that nobody else uses.
///
/// Pure; a VM's end releases its claim at once, and what is refused is not asked for again.
///
/// - Parameters:
///   - trace: what happened.
///   - fleet: the machines at the start.
///   - policy: the policy.
/// - Returns: what became of it.
package func replay(_ trace: [TraceEvent], on fleet: FleetSnapshot, by policy: PlacementPolicy) -> ReplayReport {
    var player = Player(fleet: fleet, policy: policy)
    for event in trace {
        switch event {
        case .create(let request): player.create(request)
        case .destroy(let vm): player.destroy(vm)
        }
    }
    return player.report()
}

/// A replay under way.
private struct Player {
    var fleet: FleetSnapshot
    let policy: PlacementPolicy
    var counts = ReplayReport()
    var requests: [VMID: PlacementRequest] = [:]
    var places: [VMID: Int] = [:]
    var largest = Resources.zero

    init(fleet: FleetSnapshot, policy: PlacementPolicy) {
        self.fleet = fleet
        self.policy = policy
    }

    // Not inlined: the optimizer of Swift 6.3.1 fails where it is.
    @inline(never)
    mutating func create(_ request: PlacementRequest) {
        largest = largest.combined(with: request.needs, by: max)
        guard let machine = policy.decide(request, on: fleet).machine, let index = fleet.index(of: machine) else {
            return counts.note(isPlaced: false)
        }
        fleet.claim(request, at: index)
        if let vm = request.vm { (requests[vm], places[vm]) = (request, index) }
        counts.note(isPlaced: true)
    }

    @inline(never)
    mutating func destroy(_ vm: VMID) {
        guard let request = requests.removeValue(forKey: vm), let index = places.removeValue(forKey: vm) else { return }
        fleet.release(request, at: index)
    }

    func report() -> ReplayReport {
        var report = counts
        report.measure(fleet, largest: largest, used: Set(places.values))
        return report
    }
}

extension ReplayReport {
    fileprivate mutating func note(isPlaced: Bool) {
        if isPlaced { placed += 1 } else { refused += 1 }
    }

    fileprivate mutating func measure(_ fleet: FleetSnapshot, largest: Resources, used: Set<Int>) {
        guard fleet.count > 0 else { return }
        emptyShare = Double(fleet.count - used.count) / Double(fleet.count)
        let shares = fleet.rows.map(\.scarcestFreeShare)
        let free = shares.reduce(0, +)
        let stranded = zip(fleet.rows, shares).reduce(0) { largest.fits(in: $1.0.headroomAmount) ? $0 : $0 + $1.1 }
        fragmentation = free > 0 ? stranded / free : 0
        let mean = free / Double(fleet.count)
        let variance = shares.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(fleet.count)
        imbalance = variance.squareRoot()
    }
}

extension PMRow {
    /// The free share of the resource of which the smallest share is free.
    fileprivate var scarcestFreeShare: Double {
        let left = sharesLeft(after: .zero)
        return Double(min(left.x, left.y, left.z))
    }
}
