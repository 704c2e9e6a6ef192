import Hummingbird
import Model
import Store

/// PMs as resources, on the wire.
struct MachineResourceController: Sendable {
    let store: Store

    /// `GET /v1/pms/{id}`.
    @Sendable
    func read(_ request: Request, _ context: GatewayContext) async throws(Failure) -> ResourceReply {
        try await reply(try context.identifier())
    }

    /// `POST /v1/pms/{id}:cordon`: closes the PM to new VMs; those on it stay.
    @Sendable
    func cordon(_ request: Request, _ context: GatewayContext) async throws(Failure) -> ResourceReply {
        let pm: PMID = try context.identifier()
        guard try await store.setCordon(true, of: pm) else { throw unknown(pm) }
        return try await reply(pm)
    }

    /// `POST /v1/pms/{id}:uncordon`: opens it again.
    @Sendable
    func uncordon(_ request: Request, _ context: GatewayContext) async throws(Failure) -> ResourceReply {
        let pm: PMID = try context.identifier()
        guard try await store.setCordon(false, of: pm) else { throw unknown(pm) }
        return try await reply(pm)
    }

    /// `PUT /v1/pms/{id}/tags`: gives the PM tags beside those of the PM file.
    @Sendable
    func setTags(_ request: Request, _ context: GatewayContext) async throws(Failure) -> ResourceReply {
        let pm: PMID = try context.identifier()
        let wish: TagsWish = try await JSONBody.read(request)
        guard try await store.setTags(wish.tags, of: pm) else { throw unknown(pm) }
        return try await reply(pm)
    }

    private func reply(_ pm: PMID) async throws(Failure) -> ResourceReply {
        guard let status = try await store.machineStatus(pm) else { throw unknown(pm) }
        return try ResourceReply(PMBody(status))
    }

    private func unknown(_ pm: PMID) -> Failure {
        Failure(.unknownPM, "there is no PM \(pm): /pm/list lists them")
    }
}
