import Hummingbird
import Model
import Store

/// PMs as resources, on the wire.
struct MachineResourceController: Sendable {
    let store: Store

    private struct Body: Encodable {
        let id: PMID
        let address: String
        let state: String
        let isCordoned: Bool
        let isListed: Bool
        let architecture: String?
        let tags: [String]
        let capacity: AmountBody?
        let reserve: AmountBody
        let claimed: AmountBody
        let free: AmountBody
        let vmCount: Int
        let groups: [String: Int]

        private enum CodingKeys: String, CodingKey {
            case id, address, state, architecture, tags, capacity, reserve, claimed, free, groups
            case isCordoned = "cordoned"
            case isListed = "listed"
            case vmCount = "vm_count"
        }

        init(_ machine: PhysicalMachine) {
            id = machine.id
            address = machine.listing.address.description
            state = machine.state.rawValue
            isCordoned = machine.isCordoned
            isListed = machine.isListed
            architecture = machine.architecture
            tags = machine.tags.sorted()
            capacity = machine.measure.map { AmountBody($0.capacity) }
            reserve = AmountBody(machine.listing.reserve)
            claimed = AmountBody(machine.claimed)
            free = AmountBody(machine.free)
            vmCount = machine.vmCount
            groups = machine.groups
        }
    }

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
        guard let machine = try await store.machine(pm) else { throw unknown(pm) }
        return try ResourceReply(Body(machine))
    }

    private func unknown(_ pm: PMID) -> Failure {
        Failure(.unknownPM, "there is no PM \(pm): /pm/list lists them")
    }
}
