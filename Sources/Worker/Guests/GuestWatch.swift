import Logging
import Model
import Store

/// Finds the addresses of guests and whether they are ready: soon and often after a start, and at each probe.
///
/// A round costs a PM one call for each of its networks and one command for all consoles and ssh servers, however many guests
/// it waits for. Agents are asked apart and last: where a network card has no address by other sources, and once of a guest
/// that is ready.
actor GuestWatch {
    /// What asks a PM.
    struct Access: Sendable {
        let driver: any GuestDriver
        /// What runs commands there; nil where nothing does.
        var probe: (any HostProbe)?
    }

    /// Nil where the PM is no longer known.
    typealias Machines = @Sendable (PMID) async throws(Failure) -> Access?

    /// A guest that somebody waits for.
    struct Awaited {
        var since: ContinuousClock.Instant
        /// Whether one more round does.
        var isOnce: Bool
    }

    struct PMState {
        var awaited: [VMID: Awaited] = [:]
        /// The networks and the neighbours as they were read last.
        var sources = AddressSources()
        var agents: [VMID: AgentAnswer] = [:]
        /// The MAC addresses of guests' network cards, as a probe has found them.
        var macs: [VMID: [MACAddress]] = [:]
        /// What was written, and until when that is taken for granted.
        var written: [VMID: (finding: AddressFinding, until: ContinuousClock.Instant)] = [:]
        /// What was seen of guests in their present runs.
        var readiness: [VMID: SeenReadiness] = [:]
        /// Until when the PM is asked for no signs of guests.
        var pausedUntil: ContinuousClock.Instant?
        var task: Task<Void, Never>?
    }

    let store: Store
    private let machines: Machines
    let clock: any WorkerClock
    let logger: Logger
    /// How many commands may run at once, over all PMs.
    let commands: ConnectionSlots
    var states: [PMID: PMState] = [:]
    private var wakes: [PMID: WakeSignal] = [:]
    private var isOver = false

    /// After how long a finding is written anew: another worker may have written since what it alone knows.
    private static let trust = Duration.seconds(300)

    init(
        store: Store,
        clock: any WorkerClock = SystemClock(),
        commands: Int = 8,
        logger: Logger,
        machines: @escaping Machines
    ) {
        self.store = store
        self.clock = clock
        self.commands = ConnectionSlots(limit: commands)
        self.logger = logger
        self.machines = machines
    }

    /// Waits for the end, then ends all rounds.
    func run() async {
        while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
        isOver = true
        let tasks = states.values.compactMap(\.task)
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
    }

    /// Follows a guest that has just started.
    func started(_ vm: VMID, on pm: PMID) {
        states[pm, default: PMState()].written[vm] = nil
        states[pm]?.agents[vm] = nil
        states[pm]?.readiness[vm] = nil
        wait(for: vm, on: pm, once: false)
    }

    /// Takes in what a probe has found of a PM.
    ///
    /// - Parameters:
    ///   - pm: the PM.
    ///   - guests: the guests that run there.
    ///   - networks: its libvirt networks.
    ///   - neighbours: its neighbour table; nil where that was not read.
    func probed(
        _ pm: PMID,
        guests: [GuestOnPM],
        networks: [NetworkSummary],
        neighbours: [MACAddress: [IPAddress]]?
    ) async {
        var state = states[pm] ?? PMState()
        state.sources.networks = networks
        if let neighbours { state.sources.neighbours = neighbours }
        let running = Set(guests.map(\.vm.id))
        state.agents = state.agents.filter { running.contains($0.key) }
        state.written = state.written.filter { running.contains($0.key) }
        state.readiness = state.readiness.filter { running.contains($0.key) }
        state.macs = Dictionary(
            guests.map { ($0.vm.id, $0.macs) },
            uniquingKeysWith: { first, _ in first }
        )
        states[pm] = state
        var findings: [AddressFinding] = []
        for guest in guests {
            let finding = finding(of: guest.vm, macs: guest.macs, on: pm)
            if guest.macs.isEmpty || !finding.addresses.isEmpty { findings.append(finding) }
            let seen = state.readiness[guest.vm.id]
            let isUnready = seen.map { $0.isPending(at: clock.now) } ?? (state.written[guest.vm.id] == nil)
            let isMissing = !isComplete(finding, guest.macs) || lacksReservation(guest.vm, on: pm)
            if isUnready || isMissing, state.awaited[guest.vm.id] == nil {
                // One that was never looked for may have been started by hand a moment ago.
                wait(for: guest.vm.id, on: pm, once: state.written[guest.vm.id] != nil)
            }
        }
        await write(findings, on: pm)
    }

    /// True while no guest is waited for.
    var isIdle: Bool { states.values.allSatisfy { $0.awaited.isEmpty } }

    // MARK: Rounds

    private func wait(for vm: VMID, on pm: PMID, once: Bool) {
        guard !isOver else { return }
        states[pm, default: PMState()].awaited[vm] = Awaited(since: clock.now, isOnce: once)
        let wake = wakes[pm] ?? WakeSignal()
        wakes[pm] = wake
        wake.fire()
        guard states[pm]?.task == nil else { return }
        states[pm]?.task = Task { await watch(pm, wake) }
    }

    private func watch(_ pm: PMID, _ wake: WakeSignal) async {
        while !Task.isCancelled {
            let now = clock.now
            let awaited = (states[pm]?.awaited ?? [:]).values
            guard
                let wait = awaited.map({ $0.isOnce ? .zero : GuestSchedule.wait(atAge: now - $0.since) ?? .zero })
                    .min()
            else { break }
            // Those that start together are looked for together.
            try? await clock.sleep(for: .milliseconds(500))
            await wake.wait(atMost: wait, on: clock)
            guard !Task.isCancelled else { break }
            do throws(Failure) { try await round(pm) } catch {
                logger.debug("guests could not be asked about", metadata: ["pm": "\(pm)", "error": "\(error)"])
                drop(pm, where: { $0.isOnce || GuestSchedule.wait(atAge: clock.now - $0.since) == nil })
                try? await clock.sleep(for: .seconds(2))
            }
        }
        states[pm]?.task = nil
        wakes[pm] = nil
    }

    private func drop(_ pm: PMID, where isOver: (Awaited) -> Bool) {
        guard let awaited = states[pm]?.awaited else { return }
        states[pm]?.awaited = awaited.filter { !isOver($0.value) }
    }

    /// Asks about all guests of a PM that are waited for.
    private func round(_ pm: PMID) async throws(Failure) {
        guard let awaited = states[pm]?.awaited, !awaited.isEmpty else { return }
        guard let access = try await machines(pm) else {
            states[pm]?.awaited = [:]
            return
        }
        let guests = try await guests(awaited.keys.sorted(), on: pm)
        if guests.contains(where: { !hasAddresses($0.vm, on: pm) || lacksReservation($0.vm, on: pm) }) {
            guard let networks = try await access.driver.networks() else {
                states[pm]?.awaited = [:]
                return
            }
            states[pm]?.sources.networks = networks
            await restoreReservations(of: guests, with: access.driver, on: pm)
        }
        let now = clock.now
        // Before agents are asked, any of which may take its time.
        let found = guests.map { finding(of: $0.vm, macs: macs(of: $0.vm, on: pm), on: pm) }
        await write(found.filter { !$0.addresses.isEmpty }, on: pm)
        await lookForSigns(of: guests, by: access, on: pm)
        await askAgents(of: guests, awaited, with: access.driver, on: pm, at: now)
        await askSystems(of: guests, with: access.driver, on: pm)
        var findings: [AddressFinding] = []
        for guest in guests {
            guard let wait = awaited[guest.vm.id] else { continue }
            let age = now - wait.since
            let finding = finding(of: guest.vm, macs: macs(of: guest.vm, on: pm), on: pm)
            let isLast = wait.isOnce || GuestSchedule.wait(atAge: age) == nil
            let isAsked = states[pm]?.agents[guest.vm.id] != nil
            // A reason takes the place of no address that another worker has found.
            let isReason = isAsked && (isLast || age >= GuestSchedule.reasonAge && guest.addresses.isEmpty)
            if !finding.addresses.isEmpty || isReason { findings.append(finding) }
            let isReady = access.probe == nil || states[pm]?.readiness[guest.vm.id]?.isOver == true
            if isLast || isReady && isComplete(finding, macs(of: guest.vm, on: pm)) { end(wait, for: guest, on: pm) }
        }
        await write(findings, on: pm)
    }

    /// The records of guests of a PM; one that has none there is waited for no longer.
    private func guests(_ ids: [VMID], on pm: PMID) async throws(Failure) -> [VMStatus] {
        var guests: [VMStatus] = []
        for (id, status) in zip(ids, try await store.vms(ids)) {
            guard let status, status.pm == pm, status.state != .destroying else {
                states[pm]?.awaited[id] = nil
                continue
            }
            guests.append(status)
        }
        return guests
    }

    /// Waits no longer for a guest, unless it has been started again meanwhile, or has not begun to run.
    private func end(_ wait: Awaited, for guest: VMStatus, on pm: PMID) {
        guard states[pm]?.awaited[guest.vm.id]?.since == wait.since else { return }
        let isStarting = !wait.isOnce && guest.hasJob && GuestSchedule.wait(atAge: clock.now - wait.since) != nil
        if !isStarting { states[pm]?.awaited[guest.vm.id] = nil }
    }

    // MARK: Findings

    func macs(of vm: VirtualMachine, on pm: PMID) -> [MACAddress] {
        states[pm]?.macs[vm.id] ?? vm.macs
    }

    /// Whether the address of each of its network cards is known, agents aside.
    func hasAddresses(_ vm: VirtualMachine, on pm: PMID) -> Bool {
        let macs = macs(of: vm, on: pm)
        return isComplete(finding(of: vm, macs: macs, on: pm, withoutAgent: true), macs)
    }

    func finding(
        of vm: VirtualMachine,
        macs: [MACAddress],
        on pm: PMID,
        withoutAgent: Bool = false
    ) -> AddressFinding {
        var sources = states[pm]?.sources ?? AddressSources()
        sources.agent = withoutAgent ? nil : states[pm]?.agents[vm.id]
        return sources.finding(of: vm, macs: macs)
    }

    private func isComplete(_ finding: AddressFinding, _ macs: [MACAddress]) -> Bool {
        macs.allSatisfy { mac in finding.addresses.contains { $0.mac == mac } }
    }

    /// Writes what is new.
    private func write(_ findings: [AddressFinding], on pm: PMID) async {
        let now = clock.now
        let new = findings.filter { finding in
            guard let known = states[pm]?.written[finding.vm] else { return true }
            return known.finding != finding || known.until < now
        }
        guard !new.isEmpty else { return }
        do throws(Failure) {
            let written = try await store.note(new, on: pm)
            for finding in new where written.contains(finding.vm) {
                states[pm]?.written[finding.vm] = (finding, now + Self.trust)
            }
        } catch {
            logger.debug("addresses could not be written", metadata: ["pm": "\(pm)", "error": "\(error)"])
        }
    }
}
