import Logging
import Model
import Store

/// What this worker has open to each PM: connections to its libvirt, and the probe of its host.
actor PMConnectionPool {
    private struct Entry {
        let listing: PMListing
        let hypervisor: LibvirtHypervisor
        let probe: (any HostProbe)?
        /// What reads files there; nil where libvirt alone leads there.
        let shell: RemoteShell?

        /// Closes what is open as soon as nobody uses it.
        func retire() async {
            hypervisor.retire()
            await probe?.close()
        }
    }

    private let store: Store
    private let images: any ImageFiles
    private let transferLock: any ImageTransferLock
    private let ssh: SSHConfiguration
    private let settings: LibvirtSettings
    private let slots: ConnectionSlots
    private let metrics: HypervisorMetrics?
    private let logger: Logger
    private var entries: [PMID: Entry] = [:]

    /// How often idle connections are closed.
    private static let sweepPeriod = Duration.seconds(10)
    /// After how many sweeps it is asked which PMs are still listed.
    private static let sweepsBetweenListings = 6

    /// Makes it; nothing is opened before it is asked for.
    ///
    /// - Parameters:
    ///   - store: where simulated PMs stand.
    ///   - images: where this worker has the files of images.
    ///   - transferLock: lets one worker at a time bring an image to a PM.
    ///   - controlDirectory: where ssh keeps the sockets of its open connections.
    ///   - probeTimeout: how long a PM's login and the commands of a probe may take.
    ///   - settings: how PMs' libvirt is treated.
    ///   - slots: how many connections to libvirt the process may have.
    ///   - metrics: what measures the drivers' calls; nil for nothing.
    ///   - logger: for what people want to know.
    init(
        store: Store,
        images: any ImageFiles = ListedImageFiles(),
        transferLock: any ImageTransferLock,
        controlDirectory: String,
        probeTimeout: Duration = .seconds(10),
        settings: LibvirtSettings = LibvirtSettings(),
        slots: ConnectionSlots = ConnectionSlots(),
        metrics: HypervisorMetrics? = nil,
        logger: Logger
    ) {
        self.store = store
        self.images = images
        self.transferLock = transferLock
        var settings = settings
        settings.openDeadline = max(settings.openDeadline, probeTimeout)
        self.settings = settings
        self.slots = slots
        self.metrics = metrics
        ssh = SSHConfiguration(
            controlDirectory: controlDirectory,
            connectTimeout: probeTimeout / 2,
            deadline: probeTimeout
        )
        self.logger = logger
    }

    /// The PM's hypervisor.
    func hypervisor(of pm: PhysicalMachine) async throws(Failure) -> any Hypervisor {
        let driver = await driver(of: pm)
        return metrics.map { MeteredHypervisor(base: driver, metrics: $0) } ?? driver
    }

    private func driver(of pm: PhysicalMachine) async -> any Hypervisor {
        // Of a simulated PM nothing is open, and so nothing is kept.
        if case .simulated(let simulated) = pm.listing.address.route {
            return SimulatedHypervisor(pm: simulated, store: store, cell: settings.cell)
        }
        let hypervisor = await entry(of: pm).hypervisor
        hypervisor.update(from: pm)
        return hypervisor
    }

    /// The probe of the PM's host; nil where libvirt alone can report on it.
    func probe(of pm: PhysicalMachine) async -> (any HostProbe)? {
        if case .simulated(let simulated) = pm.listing.address.route {
            return SimulatedProbe(pm: simulated, store: store)
        }
        return await entry(of: pm).probe
    }

    /// Closes what is idle or leads to PMs that are no longer listed, until the task is cancelled; then all probes.
    func run() async {
        slots.whenFull { [weak self] in Task { await self?.closeIdle(isPressed: true) } }
        var sweeps = 0
        while (try? await Task.sleep(for: Self.sweepPeriod)) != nil {
            sweeps += 1
            closeIdle(isPressed: false)
            if sweeps % Self.sweepsBetweenListings == 0 { await closeUnlisted() }
        }
        let probes = entries.values.compactMap(\.probe)
        await Task { for probe in probes { await probe.close() } }.value
        ControlDirectory(path: ssh.controlDirectory).remove()
    }

    private func closeIdle(isPressed: Bool) {
        for entry in entries.values { entry.hypervisor.closeIdle(isPressed: isPressed) }
    }

    /// Closes what leads to PMs that are no longer listed; jobs on them that go on open what they need anew.
    func closeUnlisted() async {
        guard !entries.isEmpty else { return }
        let listed: Set<PMID>
        do throws(Failure) { listed = try await store.listedPMs(among: Array(entries.keys)) } catch {
            // Where Redis does not answer, nothing is concluded.
            return logger.debug("which PMs are listed is not known", metadata: ["error": "\(error)"])
        }
        for (id, entry) in entries where !listed.contains(id) {
            // It may have been listed anew meanwhile.
            if entries[id]?.hypervisor === entry.hypervisor { entries[id] = nil }
            await entry.retire()
            logger.info("connections to a PM that is no longer listed closed", metadata: ["pm": "\(id)"])
        }
    }

    /// The PMs to which something may be open.
    var pms: Set<PMID> { Set(entries.keys) }

    private func entry(of pm: PhysicalMachine) async -> Entry {
        if let known = entries[pm.id], known.listing == pm.listing { return known }
        let outdated = entries[pm.id]
        let new = Entry(
            listing: pm.listing,
            hypervisor: LibvirtHypervisor(
                pm: pm.id,
                listing: pm.listing,
                settings: settings,
                images: images,
                transferLock: transferLock,
                slots: slots,
                logger: logger
            ),
            probe: probe(by: pm.listing.address.route),
            shell: shell(by: pm.listing.address.route)
        )
        entries[pm.id] = new
        await outdated?.retire()
        return new
    }

    private func shell(by route: PMAddress.Route) -> RemoteShell? {
        switch route {
        case .local: RemoteShell(to: nil, configuration: ssh)
        case .ssh(let destination): RemoteShell(to: destination, configuration: ssh)
        case .libvirtOnly, .simulated: nil
        }
    }

    private func probe(by route: PMAddress.Route) -> (any HostProbe)? {
        switch route {
        case .local: LocalHostProbe(deadline: ssh.deadline)
        case .ssh(let destination): SSHHostProbe(destination: destination, configuration: ssh)
        case .libvirtOnly, .simulated: nil
        }
    }
}

extension PMConnectionPool: ConsoleSource {
    func console(on pm: PhysicalMachine) async -> (shell: RemoteShell, directory: String)? {
        if case .simulated = pm.listing.address.route { return nil }
        guard let shell = await entry(of: pm).shell, let directory = settings.consoleLogDirectory else { return nil }
        return (shell, directory)
    }
}
