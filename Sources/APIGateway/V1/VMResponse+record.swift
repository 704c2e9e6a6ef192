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
            ready: status.ready,
            cloudInit: status.cloudInit.map { VMCloudInit($0) },
            guest: status.currentReadiness.system.map { VMGuest($0, at: status.currentReadiness.systemAt) },
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
    /// The last level that it has reached in its present run.
    fileprivate var ready: VMReadiness? {
        guard state == .running else { return nil }
        let known = currentReadiness
        if known.cloudInit?.state == .done {
            return VMReadiness(level: .cloudInit, at: known.cloudInitAt, how: "its console says so")
        }
        if let banner = known.banner { return VMReadiness(level: .ssh, at: known.answeredAt, how: banner) }
        if let primaryIP, let first = currentAddresses.first(where: { $0.address == primaryIP }) {
            return VMReadiness(level: .address, at: first.since, how: first.source.rawValue)
        }
        return VMReadiness(
            level: .running,
            at: startedAt.map { Timestamp.text(milliseconds: $0) },
            how: "its domain runs"
        )
    }

    /// What its cloud-init has come to; nil where it does not run, or has nothing to do.
    fileprivate var cloudInit: CloudInit? {
        guard vm.seed != nil, state == .running || state == .paused else { return nil }
        return currentReadiness.cloudInit ?? CloudInit(.unknown)
    }

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
