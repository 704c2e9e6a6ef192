import API
import Model
import Placement
import Store

/// Answers what-if questions with the current fleet and the code that places VMs.
struct PlacementService: Sendable {
    let store: Store
    let fleetCache: SharedFleetCache

    /// For how many PMs the loss is worked out when capacity is asked for.
    private static let lossLimit = 64

    /// A fleet with the policy that chooses its PMs.
    private struct PlanningContext {
        let fleet: FleetSnapshot
        let policy: PlacementPolicy
    }

    /// How many more VMs of each type fit.
    struct CapacityReading {
        let types: [InstanceType]
        let capacity: Capacity
        /// As of when, in ms since 1970.
        let time: Int
    }

    /// Where VMs would be placed now, and how many more would fit after that.
    ///
    /// - Throws: `Failure` where the same request for a VM would fail wherever it went.
    func dryRun(
        _ body: DryRunRequest
    ) async throws(Failure) -> (decisions: [PlacementDecision], after: CapacityReading) {
        guard let type = try await store.types().first(where: { $0.id == body.type }) else {
            throw Failure(.unknownType, "there is no type \(body.type): /vm/types lists them")
        }
        if let image = body.image { try await check(image, for: type) }
        let constraints = try await store.constraints(
            body.placement,
            networks: body.networks,
            reservesAddress: false
        )
        try await store.checkGroups(constraints.groups)
        let context = try await planningContext(policy: body.policy)
        guard let first = try await store.nextVM() else { throw .notReady }
        let requests = (0..<(body.count ?? 1)).compactMap { offset in
            VMID(first.value + offset).map {
                PlacementRequest(vm: $0, needs: type.needs, image: body.image, constraints: constraints)
            }
        }
        let decisions = plan(requests, on: context.fleet, by: context.policy)
        let (fleet, placed) = context.fleet.placing(requests, as: decisions)
        let after = PlanningContext(fleet: fleet, policy: context.policy)
        return (decisions, try await capacity(of: after, with: placed))
    }

    private func check(_ id: ImageID, for type: InstanceType) async throws(Failure) {
        guard let registration = try await store.listedImage(id) else { throw .unknownImage(id) }
        let image = Image(id: id, name: registration.name, path: registration.path)
        try image.checkFits(registration.usable(as: id).diskBytes, type: type.id, disk: type.needs.disk)
    }

    /// How many more VMs of each type fit.
    func capacity() async throws(Failure) -> CapacityReading {
        try await capacity(of: try await planningContext(), with: [:])
    }

    /// How many more VMs of each type fit, where some are on PMs already that Redis does not know of.
    private func capacity(
        of context: PlanningContext,
        with placed: [PMID: [PlacementRequest]]
    ) async throws(Failure) -> CapacityReading {
        let types = try await store.types()
        let pms = context.fleet.costliestMachines(by: context.policy, limit: Self.lossLimit)
        let tenants = try await tenants(of: pms).merging(placed.filter { pms.contains($0.key) }, uniquingKeysWith: +)
        let counts = Placement.capacity(
            for: types.map(\.needs),
            of: context.fleet,
            by: context.policy,
            losing: tenants
        )
        return CapacityReading(types: types, capacity: counts, time: context.fleet.time)
    }

    /// The requests of a time that got no place, and what would have served them.
    func refusals(within window: Duration) async throws(Failure) -> (since: Int, count: Int, RefusalAnalysis) {
        let (refusals, since, _) = try await store.refusals(within: window)
        return (since, refusals.count, analyze(refusals, on: try await fleetCache.fleet()))
    }

    /// Where the VMs of a PM would go if it were emptied.
    func drain(_ pm: PMID) async throws(Failure) -> DrainPlan {
        let context = try await planningContext()
        let plan = drainPlan(of: pm, tenants: try await tenants(of: pm), on: context.fleet, by: context.policy)
        guard let plan else { throw .unknownPM(pm) }
        return plan
    }

    private func planningContext(policy text: String? = nil) async throws(Failure) -> PlanningContext {
        guard try await store.isReady() else { throw .notReady }
        var record = try await store.policy()
        if let text {
            let choice = try PolicyChoice.named(text)
            // The weights of the workers' policy say nothing of another one.
            if choice.name != record.choice.name || !choice.weights.isEmpty {
                record = PolicyRecord(choice, oldest: record.oldest)
            }
        }
        return PlanningContext(fleet: try await fleetCache.fleet(), policy: record.policy)
    }

    /// The VMs of several PMs, read concurrently so that the round trips do not add up.
    private func tenants(of pms: [PMID]) async throws(Failure) -> [PMID: [PlacementRequest]] {
        let found = await withTaskGroup(of: (PMID, Result<[PlacementRequest], Failure>).self) { group in
            for pm in pms {
                group.addTask {
                    // The pair is made out here: the optimizer of Swift 6.3.1 loses the PM where it is made in the `do`.
                    let result: Result<[PlacementRequest], Failure>
                    do throws(Failure) { result = .success(try await tenants(of: pm)) } catch {
                        result = .failure(error)
                    }
                    return (pm, result)
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        var byPM: [PMID: [PlacementRequest]] = [:]
        for (pm, result) in found { byPM[pm] = try result.get() }
        return byPM
    }

    private func tenants(of pm: PMID) async throws(Failure) -> [PlacementRequest] {
        try await store.statuses(on: pm).map { status in
            PlacementRequest(
                vm: status.vm.id,
                needs: status.vm.needs,
                image: status.vm.image,
                constraints: status.vm.constraints
            )
        }
    }
}
