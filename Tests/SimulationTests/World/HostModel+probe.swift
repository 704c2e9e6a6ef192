import Foundation
import Model

@testable import Worker

extension HostModel {
    /// What its libvirt says of it; nil where nobody reaches it.
    var inventory: HypervisorInventory? {
        guard mood != .away else { return nil }
        return HypervisorInventory(
            cpus: capacity.cpu,
            memoryMiB: capacity.ram,
            architecture: "x86_64",
            hostname: "host\(pm)",
            hostUUID: "00000000-0000-0000-0000-00000000000\(pm)",
            poolCapacity: Int64(capacity.disk) << 30,
            poolAvailable: Int64(capacity.disk - foreign.disk) << 30,
            domainType: "qemu",
            domainTypeReason: "as the simulation has it",
            domains: domains.sorted { $0.key < $1.key }.map(\.value.summary) + neighbour,
            volumes: []
        )
    }

    /// What its own commands say of it; nil where ssh does not reach it.
    var measure: HostMeasure? {
        guard mood != .away, mood != .half else { return nil }
        let running = domains.values.filter(\.isRunning).reduce(into: Resources.zero) { $0 += $1.vm.needs }
        let load = Double(running.cpu)
        return HostMeasure(
            totalMemoryMiB: capacity.ram,
            availableMemoryMiB: max(0, capacity.ram - foreign.ram - running.ram / 2),
            cpus: capacity.cpu,
            load: HostMeasure.LoadAverage(oneMinute: load, fiveMinutes: load, fifteenMinutes: load),
            bootID: "boot-\(pm)",
            machineID: "machine-\(pm)"
        )
    }

    /// What others run there.
    private var neighbour: [DomainSummary] {
        guard foreign.cpu > 0 else { return [] }
        return [
            DomainSummary(
                uuid: "ffffffff-ffff-ffff-ffff-fffffffffff\(pm)",
                name: "neighbour",
                isActive: true,
                cpu: foreign.cpu,
                ramMiB: foreign.ram
            )
        ]
    }
}

extension HostModel.Domain {
    /// As an inventory lists it.
    fileprivate var summary: DomainSummary {
        DomainSummary(
            uuid: vm.uuid.uuidString.lowercased(),
            name: vm.domainName,
            isActive: isRunning,
            cpu: vm.needs.cpu,
            ramMiB: vm.needs.ram,
            record: vm,
            cell: Scenario.cell
        )
    }
}
