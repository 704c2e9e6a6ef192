import Model
import Store

/// The original PM calls, on the wire.
struct MachineController: Sendable {
    let store: Store

    /// `/pm/list`: `{"pmids":[…]}`.
    @Sendable
    func list(_ arguments: QueryArguments, _ context: GatewayContext) async throws(Failure) -> Reply {
        try arguments.allow()
        let ids = try await store.machines().map(\.description)
        return Reply("{\"pmids\":[\(ids.joined(separator: ","))]}")
    }

    /// `/pm/listvms?pmid=`: `{"vmids":[…]}`.
    @Sendable
    func vms(_ arguments: QueryArguments, _ context: GatewayContext) async throws(Failure) -> Reply {
        try arguments.allow("pmid")
        let id: PMID = try arguments.identifier("pmid")
        guard let vms = try await store.vms(on: id) else { throw unknown(id) }
        return Reply("{\"vmids\":[\(vms.map(\.description).joined(separator: ","))]}")
    }

    /// `/pm/query?pmid=`: `{"pmid":P,"capacity":{…},"free":{…},"vms":N}`.
    @Sendable
    func query(_ arguments: QueryArguments, _ context: GatewayContext) async throws(Failure) -> Reply {
        try arguments.allow("pmid")
        let id: PMID = try arguments.identifier("pmid")
        guard let machine = try await store.machine(id) else { throw unknown(id) }
        let capacity = machine.measure?.capacity ?? .zero
        return Reply(
            "{\"pmid\":\(id),\"capacity\":{\(capacity.jsonFields)},\"free\":{\(machine.free.jsonFields)},"
                + "\"vms\":\(machine.vmCount)}"
        )
    }

    private func unknown(_ id: PMID) -> Failure {
        Failure(.unknownPM, "there is no PM \(id): /pm/list lists them")
    }
}
