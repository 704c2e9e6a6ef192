import Hummingbird
import Logging

extension Gateway {
    /// Every route there is.
    static func routes(
        vms: VMController,
        machines: MachineController,
        images: ImageController,
        health: HealthController,
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
        router.get("/healthz", use: health.alive)
        router.get("/readyz", use: health.ready)
        return router
    }
}
