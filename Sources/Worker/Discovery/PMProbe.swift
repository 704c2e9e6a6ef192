import Logging
import Model
import Store

/// One probe of a PM: measures it, compares its domains with the records, and concludes what is to be written of the PM.
struct PMProbe: Sendable {
    let store: Store
    let machines: any ProbeSource
    let reconciler: Reconciler
    let memory: ProbeMemory
    let schedule: ProbeSchedule
    /// What finds how far guests have come; nil for nothing.
    var guests: GuestWatch?
    var clock: any WorkerClock = SystemClock()
    let logger: Logger

    /// What a probe found.
    struct Result: Sendable {
        /// The PM as its record had it.
        let pm: PhysicalMachine
        /// The report, whether it says anything new or not.
        let report: DiscoveryReport
        /// What is to be written.
        let finding: ProbeFinding
        /// The PM that stands for the same machine; nil where this one does.
        let aliasOf: PMID?
        /// Whether all of the PM's domains were read.
        let isComplete: Bool
    }

    /// Probes a PM.
    ///
    /// - Parameters:
    ///   - due: the PM, taken for this probe.
    ///   - start: the time now or a little earlier, in ms since 1970 by the clock of Redis.
    /// - Returns: what was found; nil where the PM is no longer known.
    /// - Throws: `Failure` where Redis does not answer, a record is broken, or this worker may open no more connections.
    func run(_ due: DueProbe, from start: Int) async throws(Failure) -> Result? {
        let began = clock.now
        guard let pm = try await record(of: due) else { return nil }
        async let measured = measure(pm)
        let inventory = await readInventory(of: pm)
        // It says nothing of the PM, which is due again once this probe counts as lost.
        if case .failure(let failure) = inventory, failure.code == .workerBusy { throw failure }
        let host = await measured
        let aliasOf = try await identify(pm, host, inventory)
        var claimants: Set<String> = []
        var isComplete = false
        var networks: [NetworkSummary]?
        if case .success(let complete) = inventory {
            isComplete = true
            claimants = try await reconcile(complete, due, isAlias: aliasOf != nil, from: start)
            networks = await readNetworks(of: pm)
            if aliasOf == nil, let networks { await findAddresses(pm, complete.domains, claimants, networks, host) }
        }
        let report = PMInspection(
            machine: pm,
            host: host,
            inventory: inventory,
            networks: networks,
            claimants: claimants
        ).report
        let now = start + (clock.now - began).milliseconds
        let isUp = report.state == .up
        let finding = ProbeFinding(
            pm: due.pm,
            epoch: due.epoch,
            report: isUp && memory.isRecorded(report, of: due) ? nil : report,
            next: schedule.wait(for: due.pm, at: now, failures: isUp ? 0 : due.failures + 1),
            inventoryAt: isComplete ? start : nil
        )
        return Result(pm: pm, report: report, finding: finding, aliasOf: aliasOf, isComplete: isComplete)
    }

    /// The PM's record, read where it has changed since this worker read it last.
    private func record(of due: DueProbe) async throws(Failure) -> PhysicalMachine? {
        var pm = memory.record(of: due)
        if pm == nil {
            pm = try await store.machine(due.pm)
            if let pm { memory.remember(pm, of: due) }
        }
        // Another worker may have measured it since, and found nothing new.
        pm?.measure?.time = due.measuredAt
        return pm
    }

    /// Compares the PM's domains with the records of its VMs, unless neither has changed since they agreed.
    ///
    /// - Returns: the UUIDs of the VMs that have a claim on the PM.
    private func reconcile(
        _ inventory: HypervisorInventory,
        _ due: DueProbe,
        isAlias: Bool,
        from start: Int
    ) async throws(Failure) -> Set<String> {
        if let known = memory.vms(of: due), known.areSame(inventory.domains) { return known.claimantTexts }
        let comparison = try await reconciler.reconcile(inventory, of: due.pm, isAlias: isAlias, probedAt: start)
        // Of an alias only its own VMs were compared: there is more to do once it stands for the machine.
        guard comparison.agrees, !isAlias else {
            memory.remember(nil, of: due)
            // VMs that were adopted or moved here have a claim now.
            return comparison.claimants.union(try await store.claimants(on: due.pm))
        }
        memory.remember(KnownVMs(claimants: comparison.claimants, domains: inventory.domains), of: due)
        return comparison.claimants
    }

    /// Finds out whether another PM stands for the same machine.
    ///
    /// Redis is asked only where that may have changed.
    ///
    /// - Returns: that PM; nil where this one stands for itself.
    private func identify(
        _ pm: PhysicalMachine,
        _ host: Swift.Result<HostMeasure, Failure>?,
        _ inventory: Swift.Result<HypervisorInventory, Failure>
    ) async throws(Failure) -> PMID? {
        guard case .success(let host) = host, case .success(let inventory) = inventory else { return pm.aliasOf }
        let identity = MachineIdentity.text(host: host, inventory: inventory)
        guard pm.aliasOf != nil || identity != pm.identity else { return nil }
        let found = try await store.identify(pm.id, as: identity)
        for pair in found.new {
            logger.warning(
                "PM \(pair.alias) is the same machine as PM \(pair.real): take one of the two out of the pm_file",
                metadata: ["address": "\(pm.listing.address)", "identity": "\(identity ?? "")"]
            )
        }
        return found.aliasOf
    }

    /// The PM's libvirt networks; nil where they cannot be read, and the next probe does.
    private func readNetworks(of pm: PhysicalMachine) async -> [NetworkSummary]? {
        do throws(Failure) { return try await machines.hypervisor(of: pm).networks() } catch {
            logger.debug("the networks of a PM cannot be read", metadata: ["pm": "\(pm.id)", "error": "\(error)"])
            return nil
        }
    }

    /// Has the addresses of the PM's guests found.
    private func findAddresses(
        _ pm: PhysicalMachine,
        _ domains: [DomainSummary],
        _ claimants: Set<String>,
        _ networks: [NetworkSummary],
        _ host: Swift.Result<HostMeasure, Failure>?
    ) async {
        let guests = domains.compactMap { GuestOnPM($0, among: claimants) }
        guard let watch = self.guests, !guests.isEmpty else { return }
        var neighbours: [MACAddress: [IPAddress]]?
        if case .success(let host) = host { neighbours = host.neighbours }
        await watch.probed(pm.id, guests: guests, networks: networks, neighbours: neighbours)
    }

    private func measure(_ pm: PhysicalMachine) async -> Swift.Result<HostMeasure, Failure>? {
        guard let probe = await machines.probe(of: pm) else { return nil }
        do throws(Failure) { return .success(try await probe.measure()) } catch { return .failure(error) }
    }

    private func readInventory(of pm: PhysicalMachine) async -> Swift.Result<HypervisorInventory, Failure> {
        do throws(Failure) {
            return .success(try await machines.hypervisor(of: pm).inventory())
        } catch {
            return .failure(error)
        }
    }
}
