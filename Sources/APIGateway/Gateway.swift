import Bootstrap
import Foundation
import Hummingbird
import HummingbirdCore
import Logging
import Model
import NIOCore
import NIOPosix
import RedisClient
import ServiceLifecycle
import Store
import Telemetry
import UnixSignals

/// The composition root of the gateway.
struct Gateway {
    private let settings: GatewaySettings
    private let logger: Logger
    private let redis: RedisClient
    private let store: Store
    private let feed: EventFeed
    let events: EventLog
    let outcomes: JobOutcomes
    let levels: VMLevels
    let consoles: ConsoleFeed
    private let readiness: Readiness
    /// The services that the calls need: the connection to Redis and the followers of its events.
    let loops: [any Service]
    private let security: TransportSecurity?
    private let installationKeys: InstallationKeys
    private let application: any ApplicationProtocol
    /// Answers requests; tests call it without a server.
    let responder: WaitingResponder

    /// How many of the latest events are kept for readers that lag a little.
    private static let rememberedEvents = 2000

    init(settings: GatewaySettings) throws {
        self.settings = settings
        logger = Program.logger(
            label: "hvc-gateway",
            level: settings.common.logLevel,
            format: settings.common.logFormat
        )
        for warning in settings.warnings { logger.warning("\(warning)") }
        redis = settings.common.makeRedisClient(name: "hvc-gateway", waitForConnection: .zero, logger: logger)
        let metrics = MetricsRegistry()
        store = Store(
            redis: MeteredRedis(redis, metrics: metrics),
            keys: Keys(prefix: settings.common.prefix),
            queueLimit: settings.queueLimit
        )
        feed = EventFeed(store: store, logger: logger, remembering: Self.rememberedEvents)
        events = EventLog(feed: feed, store: store)
        outcomes = JobOutcomes(feed: feed, store: store)
        levels = VMLevels(feed: feed, store: store)
        consoles = ConsoleFeed(store: store)
        let answers = ConsoleAnswers(store: store)
        readiness = Readiness(feed: feed)
        let jobCounts = JobCounts(feed: feed, in: metrics)
        let tokens = TokenTable(
            store: store,
            feed: feed,
            file: settings.tokenHistory.map(TokenHistoryFile.init(path:)),
            logger: logger
        )
        loops = [
            LoopService { [redis] in await redis.run() },
            LoopService { [feed] in await feed.run() },
            LoopService { [events] in await events.run() },
            LoopService { [outcomes] in await outcomes.run() },
            LoopService { [levels] in await levels.run() },
            LoopService { [consoles] in await consoles.run() },
            LoopService { await answers.run() },
            LoopService { [readiness] in await readiness.run() },
            LoopService { await jobCounts.run() },
            LoopService { await tokens.run() },
        ]
        let jobs = JobService(
            store: store,
            outcomes: outcomes,
            readiness: readiness,
            limit: CallerLimit(settings.waitingCallers)
        )
        installationKeys = try InstallationKeys(path: settings.sshKeysFile)
        let seeds = SeedService(store: store, kind: settings.seed, installationKeys: installationKeys)
        let vms = VMService(store: store, jobs: jobs, levels: levels, seeds: seeds, wait: settings.wait)
        let batches = BatchService(store: store, jobs: jobs)
        let roomWait = RoomWait(longest: settings.roomWait)
        let fleetCache = SharedFleetCache(store: store)
        let placement = PlacementService(store: store, fleetCache: fleetCache)
        let router = Self.routes(
            Controllers(
                legacyVMs: LegacyVMController(service: vms),
                legacyPMs: LegacyPMController(store: store),
                legacyImages: LegacyImageController(store: store),
                vms: VMController(
                    service: vms,
                    batches: batches,
                    store: store,
                    roomWait: roomWait,
                    consoleMatch: ConsoleMatch(feed: consoles, answers: answers)
                ),
                consoles: ConsoleController(service: vms, store: store, feed: consoles, answers: answers),
                consoleInput: ConsoleInputController(service: vms, store: store, answers: answers),
                batches: BatchController(service: batches, store: store, seeds: seeds, roomWait: roomWait),
                holds: HoldController(service: vms, store: store),
                pms: PMController(store: store, service: placement),
                groups: GroupController(store: store),
                networks: NetworkController(store: store),
                images: ImageController(store: store),
                types: TypeController(store: store),
                workers: WorkerController(store: store),
                tokens: TokenController(
                    store: store,
                    table: tokens,
                    hasConfiguredToken: !settings.token.isEmpty
                ),
                webhooks: WebhookController(store: store, allowsHTTP: settings.common.allowsWebhooksOverHTTP),
                projects: ProjectController(store: store),
                sshKeys: SSHKeyController(store: store),
                audit: AuditController(store: store),
                placement: PlacementController(service: placement),
                jobs: JobController(service: jobs, store: store, estimates: JobEstimates(store: store)),
                events: EventController(log: events),
                queue: QueueController(store: store, counts: jobCounts),
                health: HealthController(readiness: ReadinessCheck(store: store, logger: logger)),
                metrics: MetricsController(
                    registry: metrics,
                    installation: InstallationMetrics(
                        store: store,
                        fleetCache: fleetCache,
                        vmLimit: settings.metricsVMs,
                        logger: logger
                    )
                ),
                openAPI: try OpenAPIController()
            ),
            token: settings.token,
            authorization: try Authorization(token: settings.token, tokens: tokens),
            rateLimit: RateLimit(perSecond: settings.rateLimit),
            metrics: RequestMetrics(in: metrics),
            logFormat: settings.common.logFormat,
            logger: logger
        )
        responder = WaitingResponder(router: router.buildResponder())
        let security = try settings.certificateFiles.map { (files) throws(Failure) in try TransportSecurity(files) }
        self.security = security
        let connections = ConnectionLimit(
            count: ConnectionLimit.count(
                wanted: settings.connections,
                descriptors: DescriptorLimit.raise(),
                // A poll, an event and a timer for each event loop.
                others: DescriptorLimit.reserve + 3 * System.coreCount
            ),
            logger: logger
        )
        let requests = RequestAnswers(responder: responder, logger: logger)
        application = Application(
            responder: responder,
            server: HTTPServerBuilder { _ in
                GuardedHTTPChannel(
                    responder: { try await requests.answer($0, $1, $2) },
                    limit: connections,
                    security: security
                )
            },
            configuration: ApplicationConfiguration(
                address: .hostname(settings.host, port: settings.port),
                backlog: 1024,
                availableConnectionsDelegate: connections
            ),
            onServerRunning: { [logger] channel in
                logger.info("connections are taken", metadata: ["limit": "\(connections.count)"])
                logger.notice("listening", metadata: ["address": "\(channel.localAddress?.description ?? "?")"])
            },
            logger: logger
        )
    }

    /// Reads the certificate and the SSH keys of guests anew at each SIGHUP.
    private var reloading: [any Service] {
        guard security != nil || installationKeys.path != nil else { return [] }
        return [
            LoopService { [logger, security, installationKeys] in
                for await _ in await UnixSignalsSequence(trapping: .sighup) {
                    do throws(Failure) {
                        if let security {
                            try security.reload()
                            logger.notice("new connections have the certificate that was read now")
                        }
                    } catch {
                        logger.error("the certificate stays as it was", metadata: ["error": "\(error)"])
                    }
                    do throws(Failure) { try installationKeys.reload() } catch {
                        logger.error("the SSH keys of guests stay as they were", metadata: ["error": "\(error)"])
                    }
                }
            }
        ]
    }

    /// Runs until SIGTERM or SIGINT; streams of events end first, then the HTTP server, then the services it needs.
    func run() async throws {
        // Where it has no files to read anew, who sends all programs the signal by which workers reload must not end this one.
        signal(SIGHUP, SIG_IGN)
        do throws(Failure) {
            try await store.checkServer()
        } catch {
            // A Redis that is away is no reason not to start: calls answer 503 until it is there.
            guard error.cause != nil else { throw error }
        }
        try await Program.run(
            [LoopService { await HeapTrimmer.run() }] + loops + reloading + [application]
                + [
                    LoopService { [events] in await events.endWithGateway() },
                    LoopService { [consoles] in await consoles.endWithGateway() },
                ],
            grace: settings.grace,
            logger: logger
        )
    }
}
