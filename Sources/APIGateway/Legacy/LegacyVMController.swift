import API
import HTTPTypes
import Model
import Store

/// The VM calls of the legacy API.
struct LegacyVMController: Sendable {
    let service: VMService

    /// `/vm/create`: `{"vmid":N}`.
    @Sendable
    func create(
        _ arguments: QueryArguments,
        _ context: GatewayContext
    ) async throws(Failure) -> Answer<PlainResponse> {
        let answer = try await service.create(
            name: try VMName.validated(try arguments.text("name")),
            type: try arguments.identifier("instance_type"),
            image: try arguments.identifier("image_id"),
            project: context.caller?.project ?? .default,
            request: context.requestID
        )
        return try await answer.map { (submission) throws(Failure) in
            PlainResponse(
                submission,
                body: "{\"vmid\":\(submission.accepted.vm)}",
                failing: Endpoints.legacyCreateVM.description.failing
            )
        }
    }

    /// `/vm/query`: `{"vmid":N,"name":…,"instance_type":T,"pmid":P}`; `pmid` is 0 before the VM is placed.
    @Sendable
    func query(_ arguments: QueryArguments, _ context: GatewayContext) async throws(Failure) -> PlainResponse {
        let vm = try await service.summary(of: try arguments.identifier("vmid"), in: context.caller?.project)
        return PlainResponse(
            "{\"vmid\":\(vm.id),\"name\":\(JSONText.quoted(vm.name)),\"instance_type\":\(vm.type),"
                + "\"pmid\":\(vm.pm?.value ?? 0)}"
        )
    }

    /// `/vm/destroy`: `{"status":1}`.
    @Sendable
    func destroy(
        _ arguments: QueryArguments,
        _ context: GatewayContext
    ) async throws(Failure) -> Answer<PlainResponse> {
        let vm: VMID = try arguments.identifier("vmid")
        let answer = try await service.destroy(vm, of: context.caller?.project, request: context.requestID)
        return try await answer.map { (submission) throws(Failure) in
            PlainResponse(
                submission,
                body: "{\"status\":1}",
                failing: Endpoints.legacyDestroyVM.description.failing
            )
        }
    }

    /// `/vm/types`: `{"types":[{"tid":T,"cpu":…,"ram":…,"disk":…},…]}`.
    @Sendable
    func types(_ arguments: QueryArguments, _ context: GatewayContext) async throws(Failure) -> PlainResponse {
        let types = try await service.types().map { type in
            "{\"tid\":\(type.id),\(type.needs.jsonFields)}"
        }
        return PlainResponse("{\"types\":[\(types.joined(separator: ","))]}")
    }
}

extension Resources {
    /// `"cpu":…,"ram":…,"disk":…`.
    var jsonFields: String { "\"cpu\":\(cpu),\"ram\":\(ram),\"disk\":\(disk)" }
}
