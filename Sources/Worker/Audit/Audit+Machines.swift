import Foundation
import Model
import Store

extension Audit {
    /// What is on a PM is what the records say.
    func machineFindings(_ pm: PMID) -> [AuditFinding] {
        switch contents[pm] {
        case nil: []
        case .failure(let failure):
            [
                AuditFinding(
                    invariant: .unread,
                    row: keys.pm(pm),
                    problem: "it could not be read, so nothing is known of what is there",
                    details: failure.description
                )
            ]
        case .success(let contents):
            (vmsByMachine[pm] ?? []).compactMap { finding(of: $0, on: pm, contents) }
                + contents.domains.compactMap { finding(of: $0, on: pm) }
                + contents.volumes.compactMap { finding(of: $0, on: pm, contents) }
                + (contents.reservations ?? []).compactMap { finding(of: $0, on: pm, contents) }
                + (vmsByMachine[pm] ?? []).compactMap { missingReservation(of: $0, on: pm, contents) }
        }
    }

    /// Compares a VM with the domains of its PM.
    private func finding(of status: VMStatus, on pm: PMID, _ contents: PMContents) -> AuditFinding? {
        guard !status.hasJob, VMState.observed.contains(status.state) else { return nil }
        let domain = contents.domains.first { $0.uuid == status.vm.uuid.uuidString.lowercased() }
        let state = domain?.state ?? .missing
        // libvirt forgets at its restart that a guest crashed.
        guard state != status.state, (state, status.state) != (.stopped, .crashed) else { return nil }
        return AuditFinding(
            invariant: .domains,
            row: keys.vm(status.vm.id),
            problem: "it is \(status.state.rawValue) by its record, and \(state.rawValue) on its PM",
            remedy: .probe(pm)
        )
    }

    /// Compares a domain that carries our record with the VM that it says it is.
    private func finding(of domain: DomainSummary, on pm: PMID) -> AuditFinding? {
        guard let record = domain.record else { return nil }
        func finding(_ problem: String, _ remedy: AuditFinding.Remedy?) -> AuditFinding {
            AuditFinding(
                invariant: .domains,
                row: "PM \(pm), domain \(domain.name)",
                problem: problem,
                details: "VM \(record.id)",
                remedy: remedy
            )
        }
        guard let status = statuses[record.id] else {
            return domain.cell == cell ? finding("its VM has no record", .probe(pm)) : nil
        }
        guard status.vm.uuid == record.uuid else {
            return domain.cell == cell ? finding("another VM has its number", nil) : nil
        }
        guard status.pm != pm, !status.hasJob else { return nil }
        guard let other = status.pm else { return finding("its VM is placed nowhere by its record", .probe(pm)) }
        let isThere = (try? contents[other]?.get())?.domains.contains { $0.uuid == domain.uuid } ?? false
        let problem = isThere ? "PM \(other) has a domain of its VM, too" : "its VM is on PM \(other) by its record"
        return finding(problem, isThere ? nil : .probe(pm))
    }

    /// Compares a disk, or what a snapshot made of one, with the VM after which it is called.
    private func finding(of volume: VolumeSummary, on pm: PMID, _ contents: PMContents) -> AuditFinding? {
        guard let owner = volume.domainName else { return nil }
        func finding(_ problem: String, _ remedy: AuditFinding.Remedy?) -> AuditFinding {
            AuditFinding(invariant: .owners, row: "PM \(pm), disk \(volume.name)", problem: problem, remedy: remedy)
        }
        if let status = vmsByDomainName[owner] {
            guard status.pm != pm, !status.hasJob else { return nil }
            return finding("its VM is not on this PM", nil)
        }
        let isUsed = contents.domains.contains { $0.name == owner || $0.record?.domainName == owner }
        return isUsed ? nil : finding("it belongs to no VM and to no domain", .deleteDisk(volume.name, pm))
    }

    /// Whether the network of a VM that runs keeps the address that was asked for.
    private func missingReservation(of status: VMStatus, on pm: PMID, _ contents: PMContents) -> AuditFinding? {
        guard status.vm.constraints.reservesAddress, status.state == .running, !status.hasJob,
            let kept = contents.reservations, let mac = status.vm.macs.first, !kept.contains(where: { $0.mac == mac })
        else { return nil }
        return AuditFinding(
            invariant: .domains,
            row: keys.vm(status.vm.id),
            problem: "its address is no longer kept by its network on PM \(pm)",
            remedy: .probe(pm)
        )
    }

    /// Compares an address that a network keeps with the VM after which it is called.
    private func finding(of kept: AddressReservation, on pm: PMID, _ contents: PMContents) -> AuditFinding? {
        if let status = vmsByDomainName[kept.owner], status.pm == pm || status.hasJob { return nil }
        guard !contents.domains.contains(where: { $0.name == kept.owner }) else { return nil }
        return AuditFinding(
            invariant: .owners,
            row: "PM \(pm), network \(kept.network), address of \(kept.mac)",
            problem: "it is kept for \(kept.owner), which is not on this PM",
            advice: "virsh net-update \(kept.network) delete ip-dhcp-host \"<host mac='\(kept.mac)'/>\" --live --config"
        )
    }
}
