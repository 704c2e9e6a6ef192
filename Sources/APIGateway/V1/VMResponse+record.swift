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
            placement: vm.constraints.asked == .none ? nil : vm.constraints.asked,
            pmID: status.pm,
            nics: vm.macs.enumerated().map { index, mac in
                let networks = vm.constraints.networks
                return VMNIC(
                    mac: mac.description,
                    network: networks.indices.contains(index) ? networks[index] : nil
                )
            },
            addresses: status.currentAddresses.map { VMAddress($0, on: status.pm) },
            primaryIP: status.primaryIP?.canonical,
            addressesReason: status.reasonForNoAddress,
            uuid: vm.uuid.uuidString.lowercased(),
            domain: vm.domainName,
            seed: SeedResponse(vm),
            createdAt: vm.createdAt,
            version: status.version,
            jobID: vm.createJob
        )
    }
}

extension VMStatus {
    /// Why no address is known, in words; nil where one is.
    fileprivate var reasonForNoAddress: String? {
        guard primaryIP == nil else { return nil }
        guard state == .running || state == .paused else { return "the VM is \(state.rawValue)" }
        let found = hasCurrentAddresses ? addressesReason : nil
        return found ?? "none was found yet: a guest asks for one while it boots"
    }
}

extension PlacementConstraints {
    /// What a request says in `placement`: networks and the address are beside it.
    fileprivate var asked: PlacementConstraints {
        var asked = self
        (asked.networks, asked.reservesAddress) = ([], false)
        return asked
    }
}
