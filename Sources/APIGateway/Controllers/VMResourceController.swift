import Foundation
import Hummingbird
import Model
import Store

/// VMs as resources, on the wire.
struct VMResourceController: Sendable {
    let service: VMService
    let store: Store

    private struct Body: Encodable {
        let id: VMID
        let name: String
        let state: String
        let stateReason: String?
        let drift: String?
        let type: TypeID
        let image: ImageID
        let needs: AmountBody
        let placement: PlacementConstraints?
        let pmID: PMID?
        let uuid: String
        let domain: String
        let createdAt: String?
        let jobID: JobID?

        private enum CodingKeys: String, CodingKey {
            case id, name, state, drift, needs, placement, uuid, domain
            case stateReason = "state_reason"
            case type = "instance_type"
            case image = "image_id"
            case pmID = "pm_id"
            case createdAt = "created_at"
            case jobID = "job_id"
        }

        init(_ status: VMStatus) {
            let vm = status.vm
            id = vm.id
            name = vm.name
            state = status.state.rawValue
            stateReason = VMState.withDomain.contains(status.state) ? status.stateReason : nil
            drift = status.drift
            type = vm.type
            image = vm.image
            needs = AmountBody(vm.needs)
            placement = vm.constraints == .none ? nil : vm.constraints
            pmID = status.pm
            uuid = vm.uuid.uuidString.lowercased()
            domain = vm.domainName
            createdAt = vm.createdAt
            jobID = vm.createJob
        }
    }

    /// `POST /v1/vms`: 201 with the VM that runs, or 202 with the job that goes on.
    @Sendable
    func create(_ request: Request, _ context: GatewayContext) async throws(Failure) -> ResourceReply {
        let wish: VMWish = try await JSONBody.read(request)
        let submission = try await service.submit(wish, waits: !request.prefersNotToWait, request: context.requestID)
        return try await ResourceReply(submission, request: context.requestID) { accepted async throws(Failure) in
            guard let status = try await store.vm(accepted.vm) else { return try .gone(accepted, status: .created) }
            return try ResourceReply(Body(status), status: .created, location: "/v1/vms/\(accepted.vm)")
        }
    }

    /// `GET /v1/vms/{id}`.
    @Sendable
    func read(_ request: Request, _ context: GatewayContext) async throws(Failure) -> ResourceReply {
        let id: VMID = try context.identifier()
        guard let status = try await store.vm(id) else { throw try await service.whyUnknown(id) }
        return try ResourceReply(Body(status))
    }

    /// `DELETE /v1/vms/{id}`: 200 when it is gone, or 202 with the job that goes on.
    @Sendable
    func destroy(_ request: Request, _ context: GatewayContext) async throws(Failure) -> ResourceReply {
        let submission = try await service.destroy(
            try context.identifier(),
            waits: !request.prefersNotToWait,
            request: context.requestID
        )
        return try await ResourceReply(submission, request: context.requestID) { accepted throws(Failure) in
            try .gone(accepted)
        }
    }
}
