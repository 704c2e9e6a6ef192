import Logging
import Model
import NIOConcurrencyHelpers
import Store

/// Looks at every PM at the start and then periodically; each PM is looked at by one worker at a time.
struct Discovery: Sendable {
    let store: Store
    let machines: PMConnectionPool
    let reconciler: Reconciler
    let watch: DomainWatch
    /// The worker's name: a PM that it alone cannot reach is not unknown.
    let worker: String
    /// How many PMs are looked at at once.
    let limit: Int
    let period: Duration
    let probeTimeout: Duration
    let wake: WakeSignal
    /// Called where the record of a PM is broken or lost, which the PM file may bring back.
    let recordLost: @Sendable (Failure) -> Void
    let logger: Logger
    private let faults = RetryLog("what is due for discovery cannot be read; trying again")
    private let lookFaults = RetryLog("a look at a PM cannot be recorded")

    /// After this long a look that did not report is another worker's to repeat.
    private var deadline: Duration { max(.seconds(60), probeTimeout * 2 + .seconds(40)) }
    /// For how many periods it counts that another worker has reached a PM.
    private static let trustedPeriods = 3
    /// How long to wait for a signal before asking anyway.
    private static let patience = Duration.seconds(5)

    /// Runs until its task is cancelled.
    func run() async {
        let underWay = NIOLockedValueBox(0)
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                let free = limit - underWay.withLockedValue { $0 }
                let (due, next, now) = await takeDue(free)
                for machine in due {
                    underWay.withLockedValue { $0 += 1 }
                    group.addTask {
                        await look(at: machine, from: now)
                        underWay.withLockedValue { $0 -= 1 }
                        wake.fire()
                    }
                }
                if due.isEmpty || free == due.count { await wake.wait(atMost: min(next, Self.patience)) }
            }
        }
    }

    private func takeDue(_ free: Int) async -> (machines: [PhysicalMachine], next: Duration, now: Int) {
        guard free > 0 else { return ([], Self.patience, 0) }
        do throws(Failure) {
            let due = try await store.takeDueMachines(limit: free, deadline: deadline, by: worker)
            for fault in due.faults {
                logger.error("a PM cannot be probed", metadata: ["error": "\(fault)"])
                recordLost(fault)
            }
            return (due.machines, max(due.next ?? Self.patience, .milliseconds(10)), due.now)
        } catch {
            faults.note(error, in: logger)
            try? await Task.sleep(for: .milliseconds(500))
            return ([], .milliseconds(500), 0)
        }
    }

    /// Looks at a PM and writes what it finds.
    ///
    /// - Parameters:
    ///   - machine: the PM as its record has it.
    ///   - start: the time now or a little earlier, in ms since 1970 by the clock of Redis.
    private func look(at machine: PhysicalMachine, from start: Int) async {
        do throws(Failure) {
            let claimants = try await store.claimants(on: machine.id)
            async let measured = measure(machine)
            let inventory = await takeInventory(of: machine)
            let host = await measured
            let real = try await identify(machine, host, inventory)
            if case .success(let complete) = inventory {
                // VMs that are adopted here are claimants below.
                try await reconciler.reconcile(complete, of: machine.id, isAlias: real != nil, lookedAt: start)
            }
            let report = PMInspection(
                machine: machine,
                host: host,
                inventory: inventory,
                claimants: claimants.union(try await store.claimants(on: machine.id))
            ).report
            let isComplete = (try? inventory.get()) != nil
            let recorded = try await store.record(
                report,
                of: machine.id,
                next: period,
                inventoryAt: isComplete ? start : nil,
                by: worker,
                reachedWithin: period * Self.trustedPeriods
            )
            tell(recorded, report, of: machine)
            if real != nil {
                await watch.leave(machine.id)
            } else if isComplete {
                await watch.follow(machine)
            }
        } catch {
            lookFaults.note(error, in: logger, metadata: ["pm": "\(machine.id)"])
        }
    }

    /// Finds out whether another PM stands for the same machine.
    ///
    /// Redis is asked only where that may have changed.
    ///
    /// - Returns: that PM; nil where this one stands for itself.
    private func identify(
        _ machine: PhysicalMachine,
        _ host: Result<HostMeasure, Failure>?,
        _ inventory: Result<HypervisorInventory, Failure>
    ) async throws(Failure) -> PMID? {
        guard case .success(let host) = host, case .success(let inventory) = inventory else { return machine.aliasOf }
        let identity = MachineIdentity.text(host: host, inventory: inventory)
        guard machine.aliasOf != nil || identity != machine.identity else { return nil }
        let found = try await store.identify(machine.id, as: identity)
        for pair in found.new {
            logger.warning(
                "PM \(pair.alias) is the same machine as PM \(pair.real): take one of the two out of the pm_file",
                metadata: ["address": "\(machine.listing.address)", "identity": "\(identity ?? "")"]
            )
        }
        return found.aliasOf
    }

    private func tell(_ recorded: RecordedState?, _ report: DiscoveryReport, of machine: PhysicalMachine) {
        guard let recorded else { return }
        if recorded.isUnchanged {
            logger.warning(
                "PM \(machine.id) does not answer this worker, and answers another one",
                metadata: ["address": "\(machine.listing.address)", "reason": "\(report.reason)"]
            )
        } else if recorded.state != machine.state || !machine.isExplored {
            logger.notice(
                "PM \(machine.id) is \(recorded.state.rawValue)",
                metadata: ["address": "\(machine.listing.address)", "reason": "\(recorded.reason)"]
            )
        }
    }

    private func measure(_ machine: PhysicalMachine) async -> Result<HostMeasure, Failure>? {
        guard let probe = await machines.probe(of: machine) else { return nil }
        do throws(Failure) { return .success(try await probe.measure()) } catch { return .failure(error) }
    }

    private func takeInventory(of machine: PhysicalMachine) async -> Result<HypervisorInventory, Failure> {
        do throws(Failure) {
            return .success(try await machines.hypervisor(of: machine).inventory())
        } catch {
            return .failure(error)
        }
    }
}
