package import Model

/// A PM that was taken for a probe.
package struct DueProbe: Hashable, Sendable {
    /// The PM.
    package let pm: PMID
    /// Tells this probe from later ones of the same PM: what it finds is written only while none of those was begun.
    package let epoch: String
    /// The version of the PM's record.
    package let version: String
    /// Changes with the records of the VMs on the PM, within this process; 0 where there are none.
    package let vmsDigest: Int
    /// How many probes of it in a row have failed.
    package let failures: Int
    /// When it was measured last, in ms since 1970.
    package let measuredAt: Int?

    /// Whether it did not answer the last time.
    package var isDown: Bool { failures > 0 }
}

/// The PMs that are due for a probe.
package struct DueProbes: Sendable {
    /// Those that this worker is to probe now.
    package var probes: [DueProbe] = []
    /// How many due PMs are left to other workers, by kind: the next question goes on behind them.
    package struct Skipped: Hashable, Sendable {
        /// Of those that answered the last time, or were never probed.
        package var usual = 0
        /// Of those that did not.
        package var down = 0

        /// None.
        package init() {}
    }

    /// How long until there are more that this worker may take; nil where none is listed.
    package var next: Duration?
    /// Whether more are due than it may take now of those that answered the last time, or were never probed.
    package var hasMoreUsual = false
    /// Whether more are due than it may take now of those that did not answer.
    package var hasMoreDown = false
    /// The time now, in ms since 1970 by the clock of Redis.
    package var now = 0
    /// Why others that were due cannot be probed: their records are broken or lost.
    package var faults: [Failure] = []
    /// Where the next question goes on.
    package var skipped = Skipped()

    /// None.
    ///
    /// - Parameter next: how long until there are more.
    package init(next: Duration?) { self.next = next }
}

/// What a probe found, to be written.
package struct ProbeFinding: Sendable {
    /// The PM.
    package let pm: PMID
    /// Of the probe; empty for one that nobody took.
    package let epoch: String
    /// What was found; nil where the record says that already, of a PM that is up.
    package let report: DiscoveryReport?
    /// How long until the next probe.
    package let next: Duration
    /// A time before all domains of the PM were read, in ms since 1970; nil where they were not read.
    package let inventoryAt: Int?

    /// Makes a finding.
    ///
    /// - Parameters:
    ///   - pm: the PM.
    ///   - epoch: of the probe; empty for one that nobody took.
    ///   - report: what was found; nil where the record says that already.
    ///   - next: how long until the next probe.
    ///   - inventoryAt: a time before all domains were read; nil where they were not.
    package init(
        pm: PMID,
        epoch: String = "",
        report: DiscoveryReport?,
        next: Duration,
        inventoryAt: Int? = nil
    ) {
        self.pm = pm
        self.epoch = epoch
        self.report = report
        self.next = next
        self.inventoryAt = inventoryAt
    }
}

/// What became of a finding.
package enum ProbeOutcome: Hashable, Sendable {
    /// The record says it now.
    case recorded(RecordedState)
    /// A later probe of the PM was begun: nothing was written.
    case superseded
    /// The PM is no longer known.
    case unknown
    /// The PM's record is broken: nothing was written.
    case broken(Failure)
}

/// What is written of a PM after a probe.
package struct RecordedState: Hashable, Sendable {
    /// Whether the PM may be used.
    package let state: PMState
    /// Why it may not; empty where it may.
    package let reason: String
    /// True where the probe failed and another worker's counts.
    package let isReachedElsewhere: Bool
    /// The version of the PM's record.
    package let version: String
    /// True where there are fewer claims on the PM than its record says.
    package let hasLostClaims: Bool
}
