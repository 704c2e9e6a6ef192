package import Model

/// How many more VMs of each size fit.
package struct Capacity: Hashable, Sendable {
    /// A PM whose loss costs a size most.
    package struct WorstLoss: Hashable, Sendable {
        package let pm: PMID
        /// How many more of the size fit once its VMs have found places elsewhere; 0 where not all of them do.
        package let count: Int
        /// How many of its VMs find no place elsewhere.
        package let vmsWithoutPlace: Int
    }

    /// How many more of one size fit.
    package struct Row: Hashable, Sendable {
        /// The size.
        package let needs: Resources
        /// How many more fit now.
        package let now: Int
        /// How many more fit with any one PM lost; nil where there are no PMs to lose.
        package let worstLoss: WorstLoss?
    }

    /// A row a size, in the order in which they were asked for.
    package let rows: [Row]
    /// How many PMs take VMs.
    package let machines: Int
    /// For how many PMs the loss was worked out: all that take VMs or have some, or in a large fleet those whose loss costs
    /// most by its headroom.
    package let examined: Int
}

/// Counts how many more VMs of each size fit now, and with any one PM lost.
///
/// Pure. What the VMs of a lost PM would do is what the policy would do with them, largest first.
///
/// - Parameters:
///   - sizes: the sizes.
///   - fleet: the machines as they are known.
///   - policy: which machines are fit, and which of them comes first.
///   - tenants: the VMs of the PMs whose loss is worked out, as requests for other places.
/// - Returns: the counts.
package func capacity(
    for sizes: [Resources],
    of fleet: FleetSnapshot,
    by policy: PlacementPolicy,
    losing tenants: [PMID: [PlacementRequest]]
) -> Capacity {
    let open = fleet.openMachines(by: policy)
    let candidates = fleet.rows.indices.filter { tenants[fleet.rows[$0].id] != nil }
    let counts = sizes.map { fleet.count(of: $0, on: open) }
    var worst = [Capacity.WorstLoss?](repeating: nil, count: sizes.count)
    for lost in candidates {
        let (after, vmsWithoutPlace) = fleet.losing(lost, tenants[fleet.rows[lost].id] ?? [], by: policy)
        let left = open.filter { $0 != lost }
        for (index, size) in sizes.enumerated() {
            let count = vmsWithoutPlace == 0 ? after.count(of: size, on: left) : 0
            if let known = worst[index], (known.count, -known.vmsWithoutPlace) <= (count, -vmsWithoutPlace) { continue }
            worst[index] = Capacity.WorstLoss(pm: fleet.rows[lost].id, count: count, vmsWithoutPlace: vmsWithoutPlace)
        }
    }
    let rows = zip(sizes, zip(counts, worst)).map { Capacity.Row(needs: $0, now: $1.0, worstLoss: $1.1) }
    return Capacity(rows: rows, machines: open.count, examined: candidates.count)
}

extension FleetSnapshot {
    /// The fleet as it would be with some requests placed as was decided.
    ///
    /// - Parameters:
    ///   - requests: the requests.
    ///   - decisions: a decision for each, in their order; those beyond are left out.
    /// - Returns: the fleet, and the requests that it has now by PM.
    package func placing(
        _ requests: [PlacementRequest],
        as decisions: [PlacementDecision]
    ) -> (fleet: FleetSnapshot, placed: [PMID: [PlacementRequest]]) {
        var fleet = self
        var placed: [PMID: [PlacementRequest]] = [:]
        for (request, decision) in zip(requests, decisions) {
            guard let pm = decision.machine, let index = index(of: pm) else { continue }
            fleet.claim(request, at: index)
            placed[pm, default: []].append(request)
        }
        return (fleet, placed)
    }

    /// The PMs whose loss costs most by their headroom: those that take VMs, and those that take none and have some.
    ///
    /// - Parameters:
    ///   - policy: which machines take VMs.
    ///   - limit: how many at most.
    /// - Returns: the PMs, the most costly first.
    package func costliestMachines(by policy: PlacementPolicy, limit: Int) -> [PMID] {
        let open = Set(openMachines(by: policy))
        let weights = rows.indices.filter { open.contains($0) || entries[$0].machine.vmCount > 0 }
            .map { (index: $0, weight: weightOfLoss(at: $0, isOpen: open.contains($0))) }
        return weights.sorted { ($1.weight, $0.index) < ($0.weight, $1.index) }.prefix(limit).map { rows[$0.index].id }
    }

    /// The machines that take VMs.
    fileprivate func openMachines(by policy: PlacementPolicy) -> [Int] {
        policy.openMachines(of: self, for: PlacementRequest(vm: nil, needs: .zero)).machines.map { Int($0) }
    }

    /// How many VMs of a size fit on some machines; each machine takes what it takes, whatever the others do.
    fileprivate func count(of size: Resources, on machines: [Int]) -> Int {
        machines.reduce(0) { $0 + size.times(in: rows[$1].headroomAmount) }
    }

    /// How much a fleet loses with a machine: its headroom if VMs may use it, and the claims of its VMs, which must go elsewhere.
    fileprivate func weightOfLoss(at index: Int, isOpen: Bool) -> Double {
        let claimed = entries[index].machine.claimed
        let all = isOpen ? rows[index].headroomAmount + claimed : claimed
        return Double(all.cpu) / 64 + Double(all.ram) / 262_144 + Double(all.disk) / 4096
    }

    /// The fleet without a machine, whose VMs were placed elsewhere as far as there was headroom.
    fileprivate func losing(
        _ lost: Int,
        _ tenants: [PlacementRequest],
        by policy: PlacementPolicy
    ) -> (fleet: FleetSnapshot, vmsWithoutPlace: Int) {
        var fleet = self
        fleet.close(at: lost)
        let moves = fleet.moving(tenants, off: lost, by: policy)
        return (fleet, moves.count { $0.machine == nil })
    }
}

extension FleetSnapshot {
    /// Moves VMs off a machine, largest first, and books them elsewhere.
    mutating func moving(
        _ tenants: [PlacementRequest],
        off machine: Int,
        by policy: PlacementPolicy
    ) -> [PlacementDecision] {
        var decisions: [PlacementDecision] = []
        // All of them first: those of a group that have not moved yet would hold the others back.
        for tenant in tenants { release(tenant, at: machine) }
        let open = tenants.first.map { policy.openMachines(of: self, for: $0) }
        for tenant in tenants.sortedForMoves {
            let decision = policy.decide(tenant, on: self, among: open)
            var place = machine
            if let target = decision.machine, let index = index(of: target) { place = index }
            claim(tenant, at: place)
            decisions.append(decision)
        }
        return decisions
    }
}

extension [PlacementRequest] {
    /// Large VMs find no place once small ones have taken it, so they go first.
    var sortedForMoves: Self {
        sorted { left, right in
            let (a, b) = (left.needs, right.needs)
            return (b.ram, b.cpu, b.disk, left.vm?.value ?? 0) < (a.ram, a.cpu, a.disk, right.vm?.value ?? 0)
        }
    }
}

extension Resources {
    /// How many times this amount goes into another one; 0 where it is nothing.
    fileprivate func times(in headroom: Resources) -> Int {
        // Asked for every machine and every loss: so without arrays, which took nine tenths of the time.
        func times(_ amount: Int, _ headroom: Int) -> Int { amount > 0 ? headroom / amount : .max }
        let least = min(times(cpu, headroom.cpu), times(ram, headroom.ram), times(disk, headroom.disk))
        return least == .max ? 0 : max(0, least)
    }
}
