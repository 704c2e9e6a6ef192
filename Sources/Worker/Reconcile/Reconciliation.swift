import Foundation
import Model
import Store

/// What one probe of a PM finds of VMs, compared with their records; pure.
///
/// Only a complete inventory may be given: what is not in it is taken for not there. VMs whose job is under way are left to
/// that job.
struct Reconciliation {
    /// One thing that the records do not say, or say otherwise.
    enum Finding: Hashable, Sendable {
        /// A VM of this PM is in another state than its record says, or for another reason; it may be started again after
        /// a time.
        case observed(VMStatus, VMState, because: String?, startingAgainIn: Duration?)
        /// The domain of a VM of this PM differs in another way from what the VM was made as than its record says.
        case drifted(VMStatus, String?)
        /// A VM of this PM has its domain, and another PM was noted to have one, too.
        case duplicate(VMStatus)
        /// A VM that was not found on its own PM is on this one.
        case moved(VMStatus, VMState)
        /// A VM that another PM holds has a domain on this one.
        case elsewhere(VMStatus, VMState)
        /// A domain of ours has no record.
        case lost(VirtualMachine, VMState)
        /// A domain of ours says that it is a VM whose number is another's.
        case contested(VirtualMachine)
    }

    /// The PM.
    let pm: PMID
    /// A time before the inventory was read, in ms since 1970.
    let probedAt: Int
    /// All domains on the PM.
    let domains: [DomainSummary]
    /// The records of the VMs on the PM, and of those whose number a domain there carries.
    let records: [VMStatus]
    /// The installation's name: domains of others are not ours to adopt.
    let cell: String
    /// Whether a VM that is found switched off or crashed is started again.
    let startsAgain: Bool
    /// Whether another PM stands for the machine: a domain whose VM is not here by its record is left to that one.
    var isAlias = false

    /// The shortest time between two starts of a VM that keeps switching itself off.
    static let pauseBetweenStarts = Duration.seconds(60)
    /// The shortest wait before a start: a domain that was moved by hand is seen on its new PM meanwhile.
    static let pauseBeforeStart = Duration.seconds(3)

    /// The numbers of the VMs that domains on a PM say they are.
    static func numbers(in domains: [DomainSummary]) -> Set<VMID> {
        Set(domains.compactMap(\.record?.id))
    }

    /// What was found, at most one thing a VM.
    var findings: [Finding] {
        var domainsByUUID: [String: DomainSummary] = [:]
        for domain in domains { domainsByUUID[domain.uuid] = domain }
        let here = records.filter { $0.pm == pm }
        let ours = Set(here.map(\.vm.lowercasedUUID))
        let found = here.compactMap { finding(of: $0, domainsByUUID[$0.vm.lowercasedUUID]) }
        if isAlias { return found }
        var recordsByID: [VMID: VMStatus] = [:]
        for record in records { recordsByID[record.vm.id] = record }
        let more = domains.compactMap { domain -> Finding? in
            guard let record = domain.record, !ours.contains(domain.uuid) else { return nil }
            return finding(of: domain, record, known: recordsByID[record.id])
        }
        return found + more
    }

    /// Compares a VM that is here by its record.
    private func finding(of known: VMStatus, _ domain: DomainSummary?) -> Finding? {
        guard !known.hasJob, VMState.observed.contains(known.state) else { return nil }
        let (state, reason) = (domain?.state ?? .missing, domain?.stateReason)
        if isNews(state, reason, of: known) {
            // One that is paused stays so: somebody may have a purpose, and an I/O error would pause it again.
            let wasUp = known.state == .running || known.state == .paused
            let isToStart = startsAgain && wasUp && (state == .stopped || state == .crashed)
            return .observed(known, state, because: reason, startingAgainIn: isToStart ? pause(for: known) : nil)
        }
        guard let domain else { return nil }
        guard known.observedElsewhere == nil else { return .duplicate(known) }
        let drift = domain.drift(from: known.vm)
        return drift == known.drift ? nil : .drifted(known, drift)
    }

    /// Where libvirt says no reason it may have forgotten it, as it does at its restart: the record keeps what it has.
    private func isNews(_ state: VMState, _ reason: String?, of known: VMStatus) -> Bool {
        if state == .stopped && reason == nil && known.state == .crashed { return false }
        return state != known.state || reason != nil && reason != known.stateReason
    }

    /// Compares a domain that carries our record with what is known of that VM, which is not here by its own record.
    private func finding(of domain: DomainSummary, _ record: VirtualMachine, known: VMStatus?) -> Finding? {
        guard let known else { return domain.cell == cell ? .lost(record, domain.state) : nil }
        guard known.vm.uuid == record.uuid else { return domain.cell == cell ? .contested(record) : nil }
        switch (known.pm, known.state) {
        case (nil, .queued): return .moved(known, domain.state)
        case (nil, _): return nil
        case (_, .missing) where !known.hasJob: return .moved(known, domain.state)
        case (_, let state) where !known.hasJob && VMState.withDomain.contains(state):
            return .elsewhere(known, domain.state)
        default: return nil
        }
    }

    private func pause(for known: VMStatus) -> Duration {
        guard let started = known.startedAt else { return Self.pauseBeforeStart }
        let ran = Duration.milliseconds(max(0, probedAt - started))
        return max(Self.pauseBeforeStart, Self.pauseBetweenStarts - ran)
    }
}

extension VirtualMachine {
    /// The UUID as inventories have it.
    fileprivate var lowercasedUUID: String { uuid.uuidString.lowercased() }
}
