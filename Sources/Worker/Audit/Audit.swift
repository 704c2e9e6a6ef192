import Foundation
import Model
import Store

/// Compares the records with each other and with what is on the PMs; pure.
///
/// What is under way while records and PMs are read one after another shows as a difference now and then: what counts is what
/// two audits find.
struct Audit {
    let snapshot: AuditSnapshot
    /// What is on the PMs that were read, or why one was not.
    let contents: [PMID: Result<PMContents, Failure>]
    /// The installation's name.
    let cell: String
    /// The keys, by which findings are named.
    let keys: Keys
    /// The VMs by their numbers.
    let statuses: [VMID: VMStatus]
    /// The VMs by the PM on which they are by their records.
    let vmsByMachine: [PMID: [VMStatus]]
    /// The VMs by the names of their domains.
    let vmsByDomainName: [String: VMStatus]

    /// Makes a comparison; what it looks up for each PM and disk is put in order once.
    ///
    /// - Parameters:
    ///   - snapshot: all records.
    ///   - contents: what is on the PMs that were read, or why one was not.
    ///   - cell: the installation's name.
    ///   - keys: the keys, by which findings are named.
    init(snapshot: AuditSnapshot, contents: [PMID: Result<PMContents, Failure>], cell: String, keys: Keys) {
        self.snapshot = snapshot
        self.contents = contents
        self.cell = cell
        self.keys = keys
        statuses = Dictionary(snapshot.vms.map { ($0.vm.id, $0) }) { first, _ in first }
        vmsByDomainName = Dictionary(snapshot.vms.map { ($0.vm.domainName, $0) }) { first, _ in first }
        vmsByMachine = snapshot.vms.reduce(into: [:]) { vms, status in
            if let pm = status.pm { vms[pm, default: []].append(status) }
        }
    }

    /// All differences.
    var findings: [AuditFinding] {
        recordFindings + claimFindings + groupFindings + holdFindings + placeFindings + orderFindings
            + attentionFindings
            + contents.keys.sorted().flatMap(machineFindings)
    }

    // MARK: Claims

    private var claimFindings: [AuditFinding] {
        let known = Set(snapshot.machines.map(\.machine.id))
        let homeless = snapshot.vms.filter { $0.pm.map { !known.contains($0) } ?? false }.map { status in
            AuditFinding(
                invariant: .owners,
                row: keys.vm(status.vm.id),
                problem: "it is on a PM that is not known",
                details: "PM \(status.pm?.description ?? "")"
            )
        }
        return homeless + snapshot.machines.flatMap(claimFindings)
    }

    private func claimFindings(_ row: AuditSnapshot.MachineRow) -> [AuditFinding] {
        let machine = row.machine
        let holders = vmsByMachine[machine.id] ?? []
        let sum = holders.reduce(into: Resources.zero) { $0 += $1.vm.needs }
        var findings: [AuditFinding] = []
        func find(_ invariant: AuditFinding.Invariant, _ problem: String, _ details: String, mend: Bool = true) {
            findings.append(
                AuditFinding(
                    invariant: invariant,
                    row: keys.pm(machine.id),
                    problem: problem,
                    details: details,
                    // The room of a VM whose record cannot be read must not be given away.
                    remedy: mend && snapshot.unreadable.isEmpty ? .recount(machine.id) : nil
                )
            )
        }
        if machine.claimed != sum || machine.vmCount != holders.count {
            find(
                .claims,
                "its claims are not the sum of its VMs' needs",
                "\(machine.vmCount) VMs with \(machine.claimed.text); by the VMs \(holders.count) with \(sum.text)"
            )
        }
        let groups = holders.flatMap(\.vm.constraints.groups.keys).reduce(into: [:]) { $0[$1, default: 0] += 1 }
        if machine.groups != groups {
            find(.claims, "its groups are not those of its VMs", "\(machine.groups); by the VMs \(groups)")
        }
        let ids = Set(holders.map(\.vm.id))
        for vm in row.members.subtracting(ids).sorted() { find(.owners, "VM \(vm) holds room and is not there", "") }
        for vm in ids.subtracting(row.members).sorted() { find(.claims, "VM \(vm) is there and holds no room", "") }
        if let measure = machine.measure {
            let limit = machine.listing.overcommit.applied(to: measure.capacity)
            if !machine.claimed.fits(in: limit) {
                let details = "\(machine.claimed.text) of \(limit.text)"
                find(.claims, "more is claimed than may be promised", details, mend: false)
            }
        }
        return findings
    }
}

extension Resources {
    /// For people.
    fileprivate var text: String { "\(cpu) CPUs, \(ram) MiB, \(disk) GiB" }
}
