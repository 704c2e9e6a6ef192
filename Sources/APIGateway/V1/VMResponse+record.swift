import API
import Foundation
import Model
import Store

extension VMResponse {
    init(_ status: VMStatus) {
        let vm = status.vm
        self.init(
            id: vm.id,
            name: vm.name,
            project: vm.project,
            notes: vm.notes,
            state: status.state.rawValue,
            stateReason: VMState.withDomain.contains(status.state) ? status.stateReason : nil,
            drift: status.drift,
            type: vm.type,
            image: vm.image,
            needs: Amount(vm.needs),
            placement: vm.constraints == .none ? nil : vm.constraints,
            pmID: status.pm,
            nics: vm.macs.map { VMNIC(mac: $0.description) },
            uuid: vm.uuid.uuidString.lowercased(),
            domain: vm.domainName,
            seed: SeedResponse(vm),
            createdAt: vm.createdAt,
            version: status.version,
            jobID: vm.createJob
        )
    }
}
