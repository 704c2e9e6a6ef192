import Hummingbird
import Logging

extension Gateway {
    /// The resource-style calls.
    struct ResourceCalls {
        let vms: VMResourceController
        let machines: MachineResourceController
        let placement: PlacementController

        func add(to router: Router<GatewayContext>) {
            router.resource(.post, "/v1/vms", vms.create)
            router.resource(.post, "/v1/holds", vms.hold)
            router.resource(.get, "/v1/holds/{id}", vms.readHold)
            router.resource(.delete, "/v1/holds/{id}", vms.release)
            router.resource(.get, "/v1/pms/{id}", machines.read)
            router.resource(.put, "/v1/pms/{id}/tags", machines.setTags)
            router.resource(.post, "/v1/pms/{id}:cordon", machines.cordon)
            router.resource(.post, "/v1/pms/{id}:uncordon", machines.uncordon)
            router.resource(.post, "/v1/pms/{id}:drain", placement.drain)
            router.resource(.post, "/v1/placements:dry-run", placement.dryRun)
            router.resource(.get, "/v1/capacity", placement.capacity)
            router.resource(.get, "/v1/jobs/{id}/explanation", placement.explanation)
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
        router.addMiddleware {
            RequestLog(logger: logger)
            InvalidCalls()
            SameSite()
            BodyLimit()
            Authorization(token: token, open: ["/healthz", "/readyz"])
        }
        router.original("/vm/create", failing: "{\"vmid\":0}", vms.create)
        router.original("/vm/query", failing: "0", vms.query)
        router.original("/vm/destroy", failing: "{\"status\":0}", vms.destroy)
        router.original("/vm/types", failing: "0", vms.types)
        router.original("/pm/list", failing: "0", machines.list)
        router.original("/pm/listvms", failing: "0", machines.vms)
        router.original("/pm/query", failing: "0", machines.query)
        router.original("/image/list", failing: "0", images.list)
        resources.add(to: router)
        router.get("/healthz", use: health.alive)
        router.get("/readyz", use: health.ready)
        return router
    }
}
