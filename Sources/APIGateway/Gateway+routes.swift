import Hummingbird
import Logging

extension Gateway {
    /// The resource-style calls.
    struct ResourceCalls {
        let vms: VMResourceController
        let holds: HoldController
        let machines: MachineResourceController
        let placement: PlacementController

        func add(to router: Router<GatewayContext>) {
            router.resource("/v1/vms", [.post: vms.create])
            router.resource("/v1/vms/{id}", [.get: vms.read, .delete: vms.destroy])
            router.resource("/v1/holds", [.post: holds.create])
            router.resource("/v1/holds/{id}", [.get: holds.read, .delete: holds.release])
            router.resource("/v1/pms/{id}", [.get: machines.read])
            router.resource("/v1/pms/{id}/tags", [.put: machines.setTags])
            router.resource("/v1/pms/{id}:cordon", [.post: machines.cordon])
            router.resource("/v1/pms/{id}:uncordon", [.post: machines.uncordon])
            router.resource("/v1/pms/{id}:drain", arguments: ["dry_run"], [.post: placement.drain])
            router.resource("/v1/placements:dry-run", [.post: placement.dryRun])
            router.resource("/v1/capacity", [.get: placement.capacity])
            router.resource("/v1/jobs/{id}/explanation", [.get: placement.explanation])
        }
    }

    /// Every route there is.
    static func routes(
        vms: VMController,
        machines: MachineController,
        images: ImageController,
        health: HealthController,
        resources: ResourceCalls,
        token: String,
        logger: Logger
    ) -> Router<GatewayContext> {
        let router = Router(context: GatewayContext.self)
        let open: Set = ["/healthz", "/readyz"]
        router.add(
            middleware: RequestFrame(
                log: RequestLog(logger: logger, secrets: SecretFilter(token: token)),
                loopbackHost: LoopbackHost(isRequired: token.isEmpty),
                authorization: Authorization(token: token, open: open),
                bodies: BodyLimit(budget: BodyBudget(), bodiless: open)
            )
        )
        router.original("/vm/create", failing: VMController.notCreated, vms.create)
        router.original("/vm/query", failing: "0", vms.query)
        router.original("/vm/destroy", failing: VMController.notDestroyed, vms.destroy)
        router.original("/vm/types", failing: "0", vms.types)
        router.original("/pm/list", failing: "0", machines.list)
        router.original("/pm/listvms", failing: "0", machines.vms)
        router.original("/pm/query", failing: "0", machines.query)
        router.original("/image/list", failing: "0", images.list)
        resources.add(to: router)
        router.health("/healthz", health.alive)
        router.health("/readyz", health.ready)
        return router
    }
}
