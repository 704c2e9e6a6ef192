import Foundation
import Model
import NIOConcurrencyHelpers
import Store

/// What this worker knows of PMs from their last probes, so that a probe that finds nothing new reads and writes next to nothing.
///
/// Each part is valid for as long as Redis returns the same version, or digest, of what it was read from.
final class ProbeMemory: Sendable {
    /// What is known of one PM.
    private struct Known {
        var record: (pm: PhysicalMachine, version: String)?
        var vms: (known: KnownVMs, digest: Int)?
        var report: (hash: Int, version: String)?
    }

    private let known = NIOLockedValueBox([PMID: Known]())

    /// The PM's record, where that is still of the version.
    func record(of due: DueProbe) -> PhysicalMachine? {
        known.withLockedValue { known in
            guard let record = known[due.pm]?.record, record.version == due.version else { return nil }
            return record.pm
        }
    }

    /// Remembers the PM's record, which is of the version or a later one.
    func remember(_ pm: PhysicalMachine, of due: DueProbe) {
        known.withLockedValue { $0[due.pm, default: Known()].record = (pm, due.version) }
    }

    /// What is known of the PM's VMs, where their records are still those of the digest.
    func vms(of due: DueProbe) -> KnownVMs? {
        known.withLockedValue { known in
            guard let vms = known[due.pm]?.vms, vms.digest == due.vmsDigest else { return nil }
            return vms.known
        }
    }

    /// Remembers what a probe has found of the PM's VMs; nil where the next one has to compare them anew.
    func remember(_ vms: KnownVMs?, of due: DueProbe) {
        known.withLockedValue { $0[due.pm, default: Known()].vms = vms.map { ($0, due.vmsDigest) } }
    }

    /// Whether a report says what the record of this version says already.
    func isRecorded(_ report: DiscoveryReport, of due: DueProbe) -> Bool {
        known.withLockedValue { known in
            guard let last = known[due.pm]?.report else { return false }
            return last.version == due.version && last.hash == report.hashValue
        }
    }

    /// Remembers a report that was written.
    ///
    /// - Parameters:
    ///   - report: the report.
    ///   - pm: the PM.
    ///   - version: of the PM's record since then.
    func remember(_ report: DiscoveryReport, of pm: PMID, version: String) {
        known.withLockedValue { $0[pm, default: Known()].report = (report.hashValue, version) }
    }

    /// Forgets a PM.
    func forget(_ pm: PMID) {
        known.withLockedValue { $0[pm] = nil }
    }
}

/// What is known of the VMs on a PM whose records and domains agreed.
struct KnownVMs: Hashable, Sendable {
    /// The UUIDs of the VMs that have a claim there.
    let claimants: [UUID]
    /// Stands for all domains as they were: their records need not be compared while these are the same.
    let domains: Int

    /// Remembers VMs by their UUIDs, and domains by their hash in this process, whatever their order.
    init(claimants: Set<String>, domains: [DomainSummary]) {
        self.claimants = claimants.compactMap(UUID.init(uuidString:))
        self.domains = Self.hash(of: domains)
    }

    /// The UUIDs as inventories have them.
    var claimantTexts: Set<String> { Set(claimants.map { $0.uuidString.lowercased() }) }

    /// Whether the domains are those that were compared.
    func areSame(_ domains: [DomainSummary]) -> Bool { Self.hash(of: domains) == self.domains }

    private static func hash(of domains: [DomainSummary]) -> Int {
        domains.reduce(domains.count) { $0 ^ $1.hashValue }
    }
}
