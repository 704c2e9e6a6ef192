import Logging
import Model
import Store

/// Finds the addresses of guests: soon and often after a start, and at each probe.
///
/// A round costs a PM one call for each of its networks, however many guests it waits for. Agents are asked apart and last, and
/// only where a network card has no address by other sources.
actor AddressWatch {
    /// What asks a PM; nil where it is no longer known.
    typealias Driver = @Sendable (PMID) async throws(Failure) -> (any AddressDriver)?

    /// A guest whose address somebody waits for.
    private struct Awaited {
        var since: ContinuousClock.Instant
        /// Whether one more round does.
        var isOnce: Bool
    }

    private struct PMState {
        var awaited: [VMID: Awaited] = [:]
        /// The networks and the neighbours as they were read last.
        var sources = AddressSources()
        var agents: [VMID: AgentAnswer] = [:]
        /// The MAC addresses of guests' network cards, as a probe has found them.
        var macs: [VMID: [MACAddress]] = [:]
        /// What was written, and until when that is taken for granted.
        var written: [VMID: (finding: AddressFinding, until: ContinuousClock.Instant)] = [:]
        var task: Task<Void, Never>?
    }

    private let store: Store
    private let driver: Driver
    private let clock: any WorkerClock
    private let logger: Logger
    private var states: [PMID: PMState] = [:]
    private var wakes: [PMID: WakeSignal] = [:]
    private var isOver = false

    /// How many agents are asked in a round.
    private static let agentsOfARound = 8
    /// After how long a finding is written anew: another worker may have written since what it alone knows.
    private static let trust = Duration.seconds(300)

    init(store: Store, clock: any WorkerClock = SystemClock(), logger: Logger, driver: @escaping Driver) {
        self.store = store
        self.clock = clock
        self.logger = logger
        self.driver = driver
    }

    /// Waits for the end, then ends all rounds.
    func run() async {
        while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
        isOver = true
        let tasks = states.values.compactMap(\.task)
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
    }

    /// Looks for the addresses of a guest that has just started.
    func started(_ vm: VMID, on pm: PMID) {
        states[pm, default: PMState()].written[vm] = nil
        states[pm]?.agents[vm] = nil
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
        state.macs = Dictionary(
            guests.map { ($0.vm.id, $0.macs) },
            uniquingKeysWith: { first, _ in first }
        )
        states[pm] = state
        var findings: [AddressFinding] = []
        for guest in guests {
            let finding = finding(of: guest.vm, macs: guest.macs, on: pm)
            if guest.macs.isEmpty || !finding.addresses.isEmpty { findings.append(finding) }
            if !isComplete(finding, guest.macs), state.awaited[guest.vm.id] == nil {
                // One that was never looked for may have been started by hand a moment ago.
                wait(for: guest.vm.id, on: pm, once: state.written[guest.vm.id] != nil)
            }
        }
        await write(findings, on: pm)
    }

    /// True while nobody waits for an address.
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
                let wait = awaited.map({ $0.isOnce ? .zero : AddressSchedule.wait(atAge: now - $0.since) ?? .zero })
                    .min()
            else { break }
            // Those that start together are looked for together.
            try? await clock.sleep(for: .milliseconds(500))
            await wake.wait(atMost: wait, on: clock)
            guard !Task.isCancelled else { break }
            do throws(Failure) { try await round(pm) } catch {
                logger.debug("addresses could not be looked up", metadata: ["pm": "\(pm)", "error": "\(error)"])
                drop(pm, where: { $0.isOnce || AddressSchedule.wait(atAge: clock.now - $0.since) == nil })
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

    /// Looks for the addresses of all guests of a PM that are waited for.
    private func round(_ pm: PMID) async throws(Failure) {
        guard let awaited = states[pm]?.awaited, !awaited.isEmpty else { return }
        guard let driver = try await self.driver(pm), let networks = try await driver.networks() else {
            states[pm]?.awaited = [:]
            return
        }
        states[pm]?.sources.networks = networks
        let ids = awaited.keys.sorted()
        var guests: [VMStatus] = []
        for (id, status) in zip(ids, try await store.vms(ids)) {
            guard let status, status.pm == pm, status.state != .destroying else {
                states[pm]?.awaited[id] = nil
                continue
            }
            guests.append(status)
        }
        let now = clock.now
        // Before agents are asked, any of which may take its time.
        let found = guests.map { finding(of: $0.vm, macs: macs(of: $0.vm, on: pm), on: pm) }
        await write(found.filter { !$0.addresses.isEmpty }, on: pm)
        await askAgents(of: guests, awaited, with: driver, on: pm, at: now)
        var findings: [AddressFinding] = []
        for guest in guests {
            guard let wait = awaited[guest.vm.id] else { continue }
            let age = now - wait.since
            let finding = finding(of: guest.vm, macs: macs(of: guest.vm, on: pm), on: pm)
            let isLast = wait.isOnce || AddressSchedule.wait(atAge: age) == nil
            let isAsked = states[pm]?.agents[guest.vm.id] != nil
            // A reason takes the place of no address that another worker has found.
            let isReason = isAsked && (isLast || age >= AddressSchedule.reasonAge && guest.addresses.isEmpty)
            if !finding.addresses.isEmpty || isReason { findings.append(finding) }
            if isComplete(finding, macs(of: guest.vm, on: pm)) || isLast { end(wait, for: guest, on: pm) }
        }
        await write(findings, on: pm)
    }

    /// Waits no longer for a guest, unless it has been started again meanwhile, or has not begun to run.
    private func end(_ wait: Awaited, for guest: VMStatus, on pm: PMID) {
        guard states[pm]?.awaited[guest.vm.id]?.since == wait.since else { return }
        let isStarting = !wait.isOnce && guest.hasJob && AddressSchedule.wait(atAge: clock.now - wait.since) != nil
        if !isStarting { states[pm]?.awaited[guest.vm.id] = nil }
    }

    /// Asks the agents of a few guests that lack an address by other sources.
    private func askAgents(
        of guests: [VMStatus],
        _ awaited: [VMID: Awaited],
        with driver: any AddressDriver,
        on pm: PMID,
        at now: ContinuousClock.Instant
    ) async {
        let due = guests.filter { guest in
            guard let wait = awaited[guest.vm.id], wait.isOnce || now - wait.since >= AddressSchedule.agentAge else {
                return false
            }
            let macs = macs(of: guest.vm, on: pm)
            return !isComplete(finding(of: guest.vm, macs: macs, on: pm, withoutAgent: true), macs)
        }
        // Those that were not asked yet come first.
        let isNew = due.filter { states[pm]?.agents[$0.vm.id] == nil }
        let others = due.filter { states[pm]?.agents[$0.vm.id] != nil }
        for guest in (isNew + others.shuffled()).prefix(Self.agentsOfARound) {
            guard !Task.isCancelled else { return }
            do throws(Failure) {
                let answer = try await driver.askAgent(of: guest.vm.uuid)
                states[pm]?.agents[guest.vm.id] = answer
            } catch {
                states[pm]?.agents[guest.vm.id] = .silent("it was not asked: \(error.message)")
            }
        }
    }

    // MARK: Findings

    private func macs(of vm: VirtualMachine, on pm: PMID) -> [MACAddress] {
        states[pm]?.macs[vm.id] ?? vm.macs
    }

    private func finding(
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
