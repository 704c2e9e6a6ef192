import API
import Bootstrap
import Hummingbird
import Logging

extension Gateway {
    /// The controllers that answer the calls.
    struct Controllers {
        let legacyVMs: LegacyVMController
        let legacyPMs: LegacyPMController
        let legacyImages: LegacyImageController
        let vms: VMController
        let consoles: ConsoleController
        let consoleInput: ConsoleInputController
        let batches: BatchController
        let holds: HoldController
        let pms: PMController
        let groups: GroupController
        let networks: NetworkController
        let images: ImageController
        let types: TypeController
        let workers: WorkerController
        let tokens: TokenController
        let webhooks: WebhookController
        let projects: ProjectController
        let sshKeys: SSHKeyController
        let audit: AuditController
        let placement: PlacementController
        let jobs: JobController
        let events: EventController
        let queue: QueueController
        let health: HealthController
        let metrics: MetricsController
        let openAPI: OpenAPIController
    }

    /// Every call with its handler.
    ///
    /// A test compares the routes with `Endpoints`.
    static func routes(
        _ controllers: Controllers,
        token: String,
        authorization: Authorization,
        rateLimit: RateLimit,
        metrics: RequestMetrics,
        logFormat: LogFormat,
        logger: Logger
    ) -> Router<GatewayContext> {
        let router = Router(context: GatewayContext.self)
        router.add(
            middleware: RequestFrame(
                log: RequestLog(
                    logger: logger,
                    secrets: SecretFilter(token: token),
                    metrics: metrics,
                    format: logFormat
                ),
                loopbackHost: LoopbackHost(isRequired: token.isEmpty),
                authorization: authorization,
                rateLimit: rateLimit,
                bodies: BodyLimit(budget: BodyBudget(), bodiless: Authorization.openPaths)
            )
        )
        router.legacy(Endpoints.legacyCreateVM, controllers.legacyVMs.create)
        router.legacy(Endpoints.legacyQueryVM, controllers.legacyVMs.query)
        router.legacy(Endpoints.legacyDestroyVM, controllers.legacyVMs.destroy)
        router.legacy(Endpoints.legacyListTypes, controllers.legacyVMs.types)
        router.legacy(Endpoints.legacyListPMs, controllers.legacyPMs.list)
        router.legacy(Endpoints.legacyListVMs, controllers.legacyPMs.vms)
        router.legacy(Endpoints.legacyQueryPM, controllers.legacyPMs.query)
        router.legacy(Endpoints.legacyListImages, controllers.legacyImages.list)

        router.v1(Endpoints.createVM, controllers.vms.create)
        router.v1(Endpoints.listVMs, controllers.vms.list)
        router.v1(Endpoints.readVM, controllers.vms.read)
        router.v1(Endpoints.destroyVM, controllers.vms.destroy)
        router.v1(Endpoints.updateVM, controllers.vms.update)
        router.v1(Endpoints.readConsole, controllers.consoles.read)
        router.v1(Endpoints.writeConsole, controllers.consoleInput.write)
        router.v1(Endpoints.breakConsole, controllers.consoleInput.pressSysRq)
        router.v1(Endpoints.createBatch, controllers.batches.create)
        router.v1(Endpoints.listBatches, controllers.batches.list)
        router.v1(Endpoints.readBatch, controllers.batches.read)
        router.v1(Endpoints.cancelBatch, controllers.batches.cancel)
        router.v1(Endpoints.listHolds, controllers.holds.list)
        router.v1(Endpoints.listGroups, controllers.groups.list)
        router.v1(Endpoints.listNetworks, controllers.networks.list)
        router.v1(Endpoints.createHold, controllers.holds.create)
        router.v1(Endpoints.readHold, controllers.holds.read)
        router.v1(Endpoints.releaseHold, controllers.holds.release)
        router.v1(Endpoints.listPMs, controllers.pms.list)
        router.v1(Endpoints.readPM, controllers.pms.read)
        router.v1(Endpoints.setTags, controllers.pms.setTags)
        router.v1(Endpoints.cordonPM, controllers.pms.cordon)
        router.v1(Endpoints.uncordonPM, controllers.pms.uncordon)
        router.v1(Endpoints.drainPM, controllers.pms.drain)
        router.v1(Endpoints.listImages, controllers.images.list)
        router.v1(Endpoints.readImage, controllers.images.read)
        router.v1(Endpoints.listTypes, controllers.types.list)
        router.v1(Endpoints.readType, controllers.types.read)
        router.v1(Endpoints.listWorkers, controllers.workers.list)
        router.v1(Endpoints.createToken, controllers.tokens.create)
        router.v1(Endpoints.listTokens, controllers.tokens.list)
        router.v1(Endpoints.readOwnToken, controllers.tokens.readOwn)
        router.v1(Endpoints.revokeToken, controllers.tokens.revoke)
        router.v1(Endpoints.confirmTokens, controllers.tokens.confirm)
        router.v1(Endpoints.createWebhook, controllers.webhooks.create)
        router.v1(Endpoints.listWebhooks, controllers.webhooks.list)
        router.v1(Endpoints.readWebhook, controllers.webhooks.read)
        router.v1(Endpoints.deleteWebhook, controllers.webhooks.delete)
        router.v1(Endpoints.testWebhook, controllers.webhooks.test)
        router.v1(Endpoints.enableWebhook, controllers.webhooks.enable)
        router.v1(Endpoints.listDeliveries, controllers.webhooks.listDeliveries)
        router.v1(Endpoints.readDelivery, controllers.webhooks.readDelivery)
        router.v1(Endpoints.redeliver, controllers.webhooks.redeliver)
        router.v1(Endpoints.listAudit, controllers.audit.list)
        router.v1(Endpoints.createProject, controllers.projects.create)
        router.v1(Endpoints.listProjects, controllers.projects.list)
        router.v1(Endpoints.readProject, controllers.projects.read)
        router.v1(Endpoints.updateProject, controllers.projects.update)
        router.v1(Endpoints.deleteProject, controllers.projects.delete)
        router.v1(Endpoints.createSSHKey, controllers.sshKeys.create)
        router.v1(Endpoints.listSSHKeys, controllers.sshKeys.list)
        router.v1(Endpoints.readSSHKey, controllers.sshKeys.read)
        router.v1(Endpoints.deleteSSHKey, controllers.sshKeys.delete)
        router.v1(Endpoints.dryRun, controllers.placement.dryRun)
        router.v1(Endpoints.readCapacity, controllers.placement.capacity)
        router.v1(Endpoints.readEvents, controllers.events.read)
        router.v1(Endpoints.listJobs, controllers.jobs.list)
        router.v1(Endpoints.readJob, controllers.jobs.read)
        router.v1(Endpoints.cancelJob, controllers.jobs.cancel)
        router.v1(Endpoints.retryJob, controllers.jobs.retry)
        router.v1(Endpoints.dropJob, controllers.jobs.drop)
        router.v1(Endpoints.readRefusals, controllers.placement.refusals)
        router.v1(Endpoints.explainJob, controllers.jobs.explanation)
        router.v1(Endpoints.readQueue, controllers.queue.read)
        router.v1(Endpoints.pauseQueue, controllers.queue.pause)
        router.v1(Endpoints.resumeQueue, controllers.queue.resume)
        router.v1(Endpoints.setQueueRule, controllers.queue.setRule)
        router.v1(Endpoints.dropQueueRule, controllers.queue.dropRule)

        router.service(Endpoints.readHealth, controllers.health.alive)
        router.service(Endpoints.readReadiness, controllers.health.ready)
        router.service(Endpoints.readMetrics, controllers.metrics.read)
        router.service(Endpoints.readOpenAPI, controllers.openAPI.read)
        return router
    }
}
