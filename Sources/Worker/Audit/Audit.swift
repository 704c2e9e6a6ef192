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
    /// What jobs do.
    let operations: OperationRegistry
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
    ///   - operations: what jobs do.
    init(
        snapshot: AuditSnapshot,
        contents: [PMID: Result<PMContents, Failure>],
        cell: String,
        keys: Keys,
        operations: OperationRegistry = .shipped
    ) {
        self.snapshot = snapshot
        self.contents = contents
        self.cell = cell
        self.keys = keys
        self.operations = operations
        statuses = Dictionary(snapshot.vms.map { ($0.vm.id, $0) }) { first, _ in first }
        vmsByDomainName = Dictionary(snapshot.vms.map { ($0.vm.domainName, $0) }) { first, _ in first }
        vmsByMachine = snapshot.vms.reduce(into: [:]) { vms, status in
            if let pm = status.pm { vms[pm, default: []].append(status) }
        }
    }

    /// All differences.
    var findings: [AuditFinding] {
        recordFindings + claimFindings + groupFindings + projectFindings + holdFindings + placeFindings + orderFindings
            + attentionFindings
            + contents.keys.sorted().flatMap(machineFindings)
    }
}
