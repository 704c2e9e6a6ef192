import Bootstrap
import Foundation
import Logging
import Model
import Placement
import RedisClient
import ServiceLifecycle
import Store
import Telemetry

/// A worker, put together.
struct WorkerProgram {
    private let settings: WorkerSettings
    private let budget = DescriptorBudget(limit: DescriptorLimit.raise())
    private let logger: Logger
    private let redis: RedisClient
    private let store: Store
    private let feed: EventFeed
    private let catalog: CatalogLoader
    private let fetcher: ImageFetcher
    private let machines: PMConnectionPool
    private let registrar: WorkerRegistrar
    private let leases: LeaseKeeper
    private let intake: Intake
    private let discovery: Discovery
    private let watch: DomainWatch
    private let guests: GuestWatch
    private let sweeper: Sweeper
    private let sealer: AuditSealer
    private let publisher: MetricsPublisher
    private let webhooks: WebhookRelay
    private let consoles: ConsoleService
    private let intakeWake = WakeSignal()
    private let discoveryWake = WakeSignal()
    private let sweepWake = WakeSignal()

    init(settings: WorkerSettings) {
        self.settings = settings
        var logger = Program.logger(
            label: "hvc-worker",
            level: settings.common.logLevel,
            format: settings.common.logFormat
        )
        logger[metadataKey: "worker"] = "\(settings.name)"
        self.logger = logger
        for warning in settings.warnings { logger.warning("\(warning)") }
        redis = settings.common.makeRedisClient(name: settings.name, waitForConnection: .seconds(2), logger: logger)
        let metrics = MetricsRegistry()
        let jobMetrics = JobMetrics(in: metrics)
        store = Store(
            redis: MeteredRedis(redis, metrics: metrics),
            keys: Keys(prefix: settings.common.prefix),
            jobRetention: settings.jobRetention
        )
        feed = EventFeed(store: store, logger: logger)
        let controlDirectory = ControlDirectory.path(
            named: "hvc-ssh-\(ProcessInfo.processInfo.processIdentifier)",
            in: FileManager.default.temporaryDirectory.path()
        )
        fetcher = ImageFetcher(
            cache: settings.imageCache,
            ssh: SSHConfiguration(
                controlDirectory: controlDirectory,
                connectTimeout: settings.probeTimeout / 2,
                deadline: settings.probeTimeout
            ),
            store: store,
            worker: settings.name,
            logger: logger
        )
        catalog = CatalogLoader(
            files: CatalogFiles(settings: settings),
            policy: settings.policy,
            discoveryPeriod: settings.discoveryPeriod,
            inspection: ImageInspection(roots: settings.imageRoots),
            fetcher: fetcher,
            store: store,
            logger: logger
        )
        var libvirt = LibvirtSettings()
        libvirt.cell = settings.cell
        libvirt.network = settings.network
        machines = PMConnectionPool(
            store: store,
            images: fetcher,
            transferLock: StoreTransferLock(store: store, worker: settings.name),
            controlDirectory: controlDirectory,
            probeTimeout: settings.probeTimeout,
            settings: libvirt,
            slots: ConnectionSlots(limit: budget.connections, fullText: budget.advice),
            metrics: HypervisorMetrics(in: metrics),
            logger: logger
        )
        guests = Self.guests(store, machines, logger)
        let worker = WorkerRegistrar.record(of: settings)
        registrar = WorkerRegistrar(store: store, worker: worker, lease: settings.lease, logger: logger)
        leases = LeaseKeeper(store: store, worker: worker, duration: settings.lease, logger: logger)
        consoles = ConsoleService(store: store, holder: worker.instance, machines: machines, logger: logger)
        intake = Intake(
            store: store,
            worker: settings.name,
            slots: settings.slots,
            policy: settings.policy.policy,
            lease: settings.lease,
            wake: intakeWake,
            runner: Runner(
                store: store,
                drivers: machines,
                leases: leases,
                worker: settings.name,
                metrics: jobMetrics,
                starting: { [consoles] vm in await consoles.starting(vm) },
                started: { [guests] vm, pm in await guests.started(vm, on: pm) },
                logger: logger
            ),
            grace: settings.grace,
            logger: logger
        )
        watch = Self.watch(store, machines, logger)
        discovery = Discovery(
            store: store,
            probe: PMProbe(
                store: store,
                machines: machines,
                reconciler: Reconciler(
                    store: store,
                    cell: settings.cell,
                    startsAgain: settings.startsAgain,
                    logger: logger
                ),
                memory: ProbeMemory(),
                schedule: ProbeSchedule(period: settings.discoveryPeriod),
                guests: guests,
                logger: logger
            ),
            watch: watch,
            worker: settings.name,
            limit: budget.probes,
            period: settings.discoveryPeriod,
            probeTimeout: settings.probeTimeout,
            wake: discoveryWake,
            recordLost: { [catalog] in catalog.loadAgain(because: "read the files anew: \($0.message)") },
            logger: logger
        )
        sweeper = Sweeper(store: store, wake: sweepWake, lease: settings.lease, logger: logger)
        let right = { [store] (task: SoleTask) in
            SoleTaskRunner(task, store: store, holder: worker.instance, lease: settings.lease, logger: logger)
        }
        webhooks = WebhookRelay(
            right: right(.webhooks),
            store: store,
            feed: feed,
            sender: CurlSender(settings: settings.webhooks, slots: ConnectionSlots(limit: budget.messages)),
            metrics: WebhookMetrics(in: metrics),
            logger: logger
        )
        sealer = AuditSealer(right: right(.audit), store: store, kept: settings.auditLimit, logger: logger)
        publisher = MetricsPublisher(
            store: store,
            worker: settings.name,
            registry: metrics,
            durations: jobMetrics.durations,
            logger: logger
        )
    }

    private static func watch(_ store: Store, _ machines: PMConnectionPool, _ logger: Logger) -> DomainWatch {
        DomainWatch(
            events: { (pm) async throws(Failure) in
                let known = try await store.machine(pm.id)
                guard known?.isListed == true, known?.listing == pm.listing else { return nil }
                return try await machines.hypervisor(of: pm)
            },
            logger: logger,
            report: { (change, pm) async throws(Failure) in
                try await store.noteDomainEvent(change.what.rawValue, of: change.name, uuid: change.uuid, on: pm)
            }
        )
    }

    private static func guests(_ store: Store, _ machines: PMConnectionPool, _ logger: Logger) -> GuestWatch {
        GuestWatch(store: store, logger: logger) { (pm) async throws(Failure) in
            guard let known = try await store.machine(pm), known.isListed else { return nil }
            return GuestWatch.Access(
                driver: try await machines.hypervisor(of: known),
                probe: await machines.probe(of: known)
            )
        }
    }

    /// Runs until SIGTERM or SIGINT; the intake stops first, then what it stands on.
    func run() async throws {
        // Until `CatalogLoader` heeds it: the files are read when Redis answers, whoever asks for that before.
        signal(SIGHUP, SIG_IGN)
        try await start()
        try await Program.run(
            [
                LoopService { [redis] in await redis.run() },
                LoopService { [machines] in await machines.run() },
                LoopService { [feed] in await feed.run() },
                LoopService { [self] in await wakeOnEvents() },
                LoopService { [catalog] in await catalog.keep() },
                LoopService { [fetcher] in await fetcher.run() },
                LoopService { [leases] in try await leases.run() },
                LoopService { [sweeper] in await sweeper.run() },
                LoopService { [sealer] in await sealer.run() },
                LoopService { [publisher] in await publisher.run() },
                LoopService { [webhooks] in await webhooks.run() },
                LoopService { [consoles] in await consoles.run() },
                LoopService { [watch] in await watch.run() },
                LoopService { [guests] in await guests.run() },
                LoopService { [discovery] in await discovery.run() },
                intake,
            ],
            grace: settings.grace + .seconds(10),
            logger: logger
        )
    }

    /// Takes the worker's name, reads the files and makes what they list known; waits for a Redis that is away, as at any
    /// other time.
    private func start() async throws {
        while true {
            do throws(Failure) {
                try await store.checkServer()
                try await registrar.register()
                try await migrate()
                return try await catalog.load()
            } catch {
                guard error.code == .storeUnavailable, error.cause != nil else {
                    // Whoever starts it with better files need not wait for its lease.
                    await registrar.leave()
                    throw error
                }
                logger.debug("Redis does not answer; trying again", metadata: ["error": "\(error)"])
                try await Task.sleep(for: .seconds(1))
            }
        }
    }

    /// Migrates the records where they are of an earlier release; the worker's name stays taken meanwhile.
    private func migrate() async throws(Failure) {
        let registrar = registrar
        let migration = Migration(store: store, worker: registrar.worker.instance, logger: logger) {
            () async throws(Failure) in
            CrashPoint.migratedPage.reach()
            try await registrar.announce()
        }
        try await migration.run()
    }

    /// Wakes the loops that an event concerns.
    private func wakeOnEvents() async {
        if budget.probes < DescriptorBudget.mostProbes { logger.warning("\(budget.advice)") }
        // From here on a SIGTERM is answered.
        logger.notice("at work", metadata: ["slots": "\(settings.slots)", "policy": "\(settings.policy.choice)"])
        for await signal in feed.signals() {
            let wakes = EventWakes(signal)
            if wakes.contains(.intake) { intakeWake.fire() }
            if wakes.contains(.discovery) { discoveryWake.fire() }
            if wakes.contains(.sweep) { sweepWake.fire() }
            if wakes.contains(.catalog) { catalog.checkSoon() }
        }
    }
}
