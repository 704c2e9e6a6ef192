import Model
import Store

/// The PM calls of the legacy API.
struct LegacyPMController: Sendable {
    let store: Store

    /// `/pm/list`: `{"pmids":[…]}`.
    @Sendable
    func list(_ arguments: QueryArguments, _ context: GatewayContext) async throws(Failure) -> PlainResponse {
        let ids = try await store.machines().map(\.description)
        return PlainResponse("{\"pmids\":[\(ids.joined(separator: ","))]}")
    }

    /// `/pm/listvms`: `{"vmids":[…]}`.
    @Sendable
    func vms(_ arguments: QueryArguments, _ context: GatewayContext) async throws(Failure) -> PlainResponse {
        let id: PMID = try arguments.identifier("pmid")
        guard var vms = try await store.vms(on: id) else { throw .unknownPM(id) }
        if let project = context.caller?.project { vms = try await store.vms(vms, of: project) }
        return PlainResponse("{\"vmids\":[\(vms.map(\.description).joined(separator: ","))]}")
    }

    /// `/pm/query`: `{"pmid":P,"capacity":{…},"free":{…},"vms":N}`.
    @Sendable
    func query(_ arguments: QueryArguments, _ context: GatewayContext) async throws(Failure) -> PlainResponse {
        let id: PMID = try arguments.identifier("pmid")
        guard let pm = try await store.machine(id) else { throw .unknownPM(id) }
        let capacity = pm.measure?.capacity ?? .zero
        return PlainResponse(
            "{\"pmid\":\(id),\"capacity\":{\(capacity.jsonFields)},\"free\":{\(pm.headroom.jsonFields)},"
                + "\"vms\":\(pm.vmCount)}"
        )
    }
}

extension Failure {
    static func unknownPM(_ pm: PMID) -> Failure {
        Failure(.unknownPM, "there is no PM \(pm): /pm/list lists them")
    }
}
