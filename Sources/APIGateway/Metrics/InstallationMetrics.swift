import Bootstrap
import Foundation
import Logging
import Model
import Placement
import Store
import Telemetry

/// Reads what there is now: queues, workers with what they published, PMs, capacity and VMs.
///
/// Who asks within a second of another gets the same answer, so that many that scrape cost Redis no more than one.
actor InstallationMetrics {
    /// Series with what tells where they come from.
    typealias Part = (origin: PrometheusText.Origin, snapshot: MetricsSnapshot)

    private let store: Store
    private let fleetCache: SharedFleetCache
    private let vmLimit: Int
    private let faults = RetryLog("metrics cannot be read from Redis")
    private let logger: Logger
    private var latest: (parts: [Part], time: ContinuousClock.Instant)?
    private var underWay: Task<[Part], Never>?
    private var vms: (snapshot: MetricsSnapshot, time: ContinuousClock.Instant)?

    private static let lifetime = Duration.seconds(1)
    /// Of what is said of each VM, which costs a read of each.
    private static let vmLifetime = Duration.seconds(15)

    init(store: Store, fleetCache: SharedFleetCache, vmLimit: Int, logger: Logger) {
        (self.store, self.fleetCache, self.vmLimit, self.logger) = (store, fleetCache, vmLimit, logger)
    }

    func parts() async -> [Part] {
        if let latest, .now - latest.time < Self.lifetime { return latest.parts }
        if let underWay { return await underWay.value }
        let reading = Task { await self.read() }
        underWay = reading
        return await reading.value
    }

    private func read() async -> [Part] {
        var parts: [Part]
        do throws(Failure) { parts = try await readAll() } catch {
            faults.note(error, in: logger)
            parts = []
        }
        var own = MetricsSnapshot()
        own.add(.build, [Program.version], 1)
        own.add(.redisUp, parts.isEmpty ? 0 : 1)
        parts.append(([], own))
        latest = (parts, .now)
        underWay = nil
        return parts
    }

    private func readAll() async throws(Failure) -> [Part] {
        var state = MetricsSnapshot()
        let memory = try await store.memoryUse()
        state.add(.redisMemory, memory.used)
        state.add(.redisMemoryLimit, memory.limit)
        state.add(try await store.queueStatus())
        state.add(.queuePaused, try await store.queueRules().pause == nil ? 0 : 1)
        state.add(try await store.webhookBacklogs())
        state.add(try await fleetCache.fleet())
        let workers = try await store.workerMetrics()
        state.add(workers)
        return [([], state), ([], try await vmSeries())] + workers.compactMap(part)
    }

    private func part(_ worker: WorkerMetrics) -> Part? {
        guard let published = worker.published else { return nil }
        do {
            let snapshot = try JSONDecoder().decode(MetricsSnapshot.self, from: Data(published.utf8))
            return ([(name: "worker", value: worker.name)], snapshot)
        } catch {
            logger.debug("what a worker published cannot be read", metadata: ["worker": "\(worker.name)"])
            return nil
        }
    }

    private func vmSeries() async throws(Failure) -> MetricsSnapshot {
        if let vms, .now - vms.time < Self.vmLifetime { return vms.snapshot }
        let (found, omitted) = try await store.vmLabels(atMost: vmLimit)
        var snapshot = MetricsSnapshot()
        snapshot.add(.vms, found.count + omitted)
        snapshot.add(.vmInfoOmitted, omitted)
        for vm in found { snapshot.add(.vmInfo, [vm.vm.description, vm.name, vm.pm, vm.type, vm.state], 1) }
        vms = (snapshot, .now)
        return snapshot
    }
}

extension MetricsSnapshot {
    fileprivate mutating func add(_ status: QueueStatus) {
        for (name, waiting) in [("capacity", status.capacity), ("direct", status.direct)] {
            add(.queueDepth, [name], waiting.depth)
            add(.queueAge, [name], waiting.age)
        }
        add(.roomWaiters, status.room.depth)
        add(.roomAge, [], status.room.age)
        add(.running, status.running)
        add(.deferred, status.deferred)
        add(.dead, status.dead)
    }

    fileprivate mutating func add(_ webhooks: [WebhookBacklog]) {
        for state in Webhook.State.allCases {
            add(.webhooks, [state.rawValue], webhooks.count { $0.state == state })
        }
        for webhook in webhooks where webhook.state == .active {
            add(.webhookAge, [webhook.id.description, webhook.name], webhook.age)
        }
    }

    fileprivate mutating func add(_ workers: [WorkerMetrics]) {
        let alive = workers.filter { $0.jobs != nil }
        add(.workers, alive.count)
        for worker in alive { add(.workerJobs, [worker.name], worker.jobs ?? 0) }
    }

    fileprivate mutating func add(_ fleet: FleetSnapshot) {
        let listed = fleet.machines.filter(\.isListed)
        let states = Dictionary(grouping: listed, by: \.state)
        for state in PMState.allCases { add(.pms, [state.rawValue], states[state]?.count ?? 0) }
        add(.cordoned, listed.count(where: \.isCordoned))
        let open = listed.filter(\.takesVMs)
        add(.capacity, open.reduce(into: .zero) { $0 += $1.promisable })
        add(.claimed, listed.filter { $0.aliasOf == nil }.reduce(into: .zero) { $0 += $1.claimed })
        add(.headroom, open.reduce(into: .zero) { $0 += $1.headroom })
    }
}

extension PhysicalMachine {
    /// What may be promised of it, without what others use.
    fileprivate var promisable: Resources {
        guard let measure else { return .zero }
        return (listing.overcommit.applied(to: measure.capacity) - listing.reserve - measure.foreign)
            .combined(with: .zero, by: max)
    }
}
