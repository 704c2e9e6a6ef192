import Logging
import Model
import Store

/// The ways to each PM that this worker has open: its hypervisor, and the probe of its host.
actor PMConnectionPool {
    private struct Ways {
        let listing: PMListing
        let hypervisor: LibvirtHypervisor
        let probe: (any HostProbe)?
    }

    private let store: Store
    private let images: any ImageFiles
    private let transferLock: any ImageTransferLock
    private let ssh: SSHConfiguration
    private let settings: LibvirtSettings
    private let slots: ConnectionSlots
    private let logger: Logger
    private var ways: [PMID: Ways] = [:]

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
    ///   - logger: for what people want to know.
    init(
        store: Store,
        images: any ImageFiles = ListedImageFiles(),
        transferLock: any ImageTransferLock,
        controlDirectory: String,
        probeTimeout: Duration = .seconds(10),
        settings: LibvirtSettings = LibvirtSettings(),
        slots: ConnectionSlots = ConnectionSlots(),
        logger: Logger
    ) {
        self.store = store
        self.images = images
        self.transferLock = transferLock
        var settings = settings
        settings.openDeadline = max(settings.openDeadline, probeTimeout)
        self.settings = settings
        self.slots = slots
        ssh = SSHConfiguration(
            controlDirectory: controlDirectory,
            connectTimeout: probeTimeout / 2,
            deadline: probeTimeout
        )
        self.logger = logger
    }

    /// The PM's hypervisor.
    func hypervisor(of machine: PhysicalMachine) async throws(Failure) -> any Hypervisor {
        // Of a simulated PM nothing is open, and so nothing is kept.
        if case .simulated(let simulated) = machine.listing.address.route {
            return SimulatedHypervisor(pm: simulated, store: store, cell: settings.cell)
        }
        let hypervisor = await ways(to: machine).hypervisor
        if let time = machine.measure?.time { await hypervisor.wasMeasured(at: time) }
        return hypervisor
    }

    /// The probe of the PM's host; nil where libvirt alone can tell of it.
    func probe(of machine: PhysicalMachine) async -> (any HostProbe)? {
        if case .simulated(let simulated) = machine.listing.address.route {
            return SimulatedProbe(pm: simulated, store: store)
        }
        return await ways(to: machine).probe
    }

    /// Waits for the end, then closes what is open.
    func run() async {
        while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
        let probes = ways.values.compactMap(\.probe)
        await Task { for probe in probes { await probe.close() } }.value
        ControlDirectory(path: ssh.controlDirectory).remove()
    }

    private func ways(to machine: PhysicalMachine) async -> Ways {
        if let known = ways[machine.id], known.listing == machine.listing { return known }
        let outdated = ways[machine.id]?.probe
        let new = Ways(
            listing: machine.listing,
            hypervisor: LibvirtHypervisor(
                pm: machine.id,
                listing: machine.listing,
                settings: settings,
                images: images,
                transferLock: transferLock,
                slots: slots,
                logger: logger
            ),
            probe: probe(by: machine.listing.address.route)
        )
        ways[machine.id] = new
        await outdated?.close()
        return new
    }

    private func probe(by route: PMAddress.Route) -> (any HostProbe)? {
        switch route {
        case .local: LocalHostProbe(deadline: ssh.deadline)
        case .ssh(let destination): SSHHostProbe(destination: destination, configuration: ssh)
        case .libvirtOnly, .simulated: nil
        }
    }
}
