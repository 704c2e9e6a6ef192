import API
import Foundation
import HTTPTypes
import Model
import Store

/// `/v1/vms`.
struct VMController: Sendable {
    let service: VMService
    let store: Store

    /// 201 with the VM that runs, or 202 with the job that goes on.
    @Sendable
    func create(_ call: V1Call<CreateVMRequest>) async throws(Failure) -> V1Response<VMResponse> {
        let submission = try await service.submit(call.body, waits: call.waits, request: call.requestID)
        return try await V1Response(submission, request: call.requestID) { accepted async throws(Failure) in
            guard let status = try await store.vm(accepted.vm) else { return try .gone(accepted, status: .created) }
            return try V1Response(VMResponse(status), status: .created, location: "/v1/vms/\(accepted.vm)")
        }
    }

    @Sendable
    func read(_ call: V1Call<NoBody>) async throws(Failure) -> V1Response<VMResponse> {
        let id: VMID = try call.identifier()
        guard let status = try await store.vm(id) else { throw try await service.whyUnknown(id) }
        return try V1Response(VMResponse(status))
    }

    @Sendable
    func list(_ call: V1Call<NoBody>) async throws(Failure) -> V1Response<Page<VMResponse>> {
        let request = try call.page()
        let page = try await store.vms(after: try request.identifier(), limit: request.limit)
        return try V1Response(page, of: call.endpoint) { VMResponse($0) }
    }

    /// 200 when it was destroyed, or 202 with the job that goes on.
    @Sendable
    func destroy(_ call: V1Call<NoBody>) async throws(Failure) -> V1Response<JobReceipt> {
        let submission = try await service.destroy(
            try call.identifier(),
            waits: call.waits,
            request: call.requestID
        )
        return try await V1Response(submission, request: call.requestID) { accepted async throws(Failure) in
            try .gone(accepted, left: try await store.filesLeft(by: accepted.job))
        }
    }
}

extension VMResponse {
    fileprivate init(_ status: VMStatus) {
        let vm = status.vm
        self.init(
            id: vm.id,
            name: vm.name,
            state: status.state.rawValue,
            stateReason: VMState.withDomain.contains(status.state) ? status.stateReason : nil,
            drift: status.drift,
            type: vm.type,
            image: vm.image,
            needs: Amount(vm.needs),
            placement: vm.constraints == .none ? nil : vm.constraints,
            pmID: status.pm,
            uuid: vm.uuid.uuidString.lowercased(),
            domain: vm.domainName,
            createdAt: vm.createdAt,
            jobID: vm.createJob
        )
    }
}
