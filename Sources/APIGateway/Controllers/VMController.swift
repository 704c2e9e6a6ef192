import HTTPTypes
import Model
import Store

/// The original VM calls, on the wire.
struct VMController: Sendable {
    let service: VMService

    /// What a create answers that fails.
    static let notCreated = "{\"vmid\":0}"
    /// What a destroy answers that fails.
    static let notDestroyed = "{\"status\":0}"

    /// `/vm/create?name=&instance_type=&image_id=`: `{"vmid":N}`.
    @Sendable
    func create(_ arguments: QueryArguments, _ context: GatewayContext) async throws(Failure) -> Reply {
        try arguments.allow("name", "instance_type", "image_id")
        let submission = try await service.create(
            name: try VMName.validated(try arguments.text("name")),
            type: try arguments.identifier("instance_type"),
            image: try arguments.identifier("image_id"),
            request: context.requestID
        )
        return Reply(submission, body: "{\"vmid\":\(submission.accepted.vm)}", failing: Self.notCreated)
    }

    /// `/vm/query?vmid=`: `{"vmid":N,"name":…,"instance_type":T,"pmid":P}`; `pmid` is 0 before the VM is placed.
    @Sendable
    func query(_ arguments: QueryArguments, _ context: GatewayContext) async throws(Failure) -> Reply {
        try arguments.allow("vmid")
        let vm = try await service.summary(of: try arguments.identifier("vmid"))
        return Reply(
            "{\"vmid\":\(vm.id),\"name\":\(JSONText.quoted(vm.name)),\"instance_type\":\(vm.type),"
                + "\"pmid\":\(vm.pm?.value ?? 0)}"
        )
    }

    /// `/vm/destroy?vmid=`: `{"status":1}`.
    @Sendable
    func destroy(_ arguments: QueryArguments, _ context: GatewayContext) async throws(Failure) -> Reply {
        try arguments.allow("vmid")
        let vm: VMID = try arguments.identifier("vmid")
        let submission = try await service.destroy(vm, waits: true, request: context.requestID)
        return Reply(submission, body: "{\"status\":1}", failing: Self.notDestroyed)
    }

    /// `/vm/types`: `{"types":[{"tid":T,"cpu":…,"ram":…,"disk":…},…]}`.
    @Sendable
    func types(_ arguments: QueryArguments, _ context: GatewayContext) async throws(Failure) -> Reply {
        try arguments.allow()
        let types = try await service.types().map { type in
            "{\"tid\":\(type.id),\(type.needs.jsonFields)}"
        }
        return Reply("{\"types\":[\(types.joined(separator: ","))]}")
    }
}

extension Resources {
    /// `"cpu":…,"ram":…,"disk":…`.
    var jsonFields: String { "\"cpu\":\(cpu),\"ram\":\(ram),\"disk\":\(disk)" }
}
