package import Model
import RedisClient

/// What a look at a PM found.
package struct DiscoveryReport: Hashable, Sendable {
    /// Whether the PM may be used.
    package var state: PMState
    /// Why it may not, for people; empty where it may.
    package var reason: String
    /// What was measured; nil where nothing was, and then the older measure stays with its time.
    package var measure: PMMeasure?
    /// Where the figures come from, such as `ssh free,nproc; libvirt nodeinfo,pools,domains`.
    package var source: String
    /// More facts for people, by field.
    package var facts: [String: String]

    /// Makes a report.
    ///
    /// - Parameters:
    ///   - state: whether the PM may be used.
    ///   - reason: why it may not.
    ///   - measure: what was measured.
    ///   - source: where the figures come from.
    ///   - facts: more facts for people, by field.
    package init(
        state: PMState,
        reason: String = "",
        measure: PMMeasure? = nil,
        source: String = "",
        facts: [String: String] = [:]
    ) {
        self.state = state
        self.reason = reason
        self.measure = measure
        self.source = source
        self.facts = facts
    }
}

/// PMs that are due for a look.
package struct DueMachines: Sendable {
    /// The PMs as they stand.
    package var machines: [PhysicalMachine] = []
    /// How long until the next is due; nil where none is listed.
    package let next: Duration?
    /// The time now, in ms since 1970 by the clock of Redis.
    package let now: Int
    /// Why others that were due cannot be probed: their records are broken or lost.
    package var faults: [Failure] = []
}

/// What is written of a PM after a look.
package struct RecordedState: Hashable, Sendable {
    /// Whether the PM may be used.
    package let state: PMState
    /// Why it may not; empty where it may.
    package let reason: String
    /// True where the look failed and another worker's counts.
    package let isUnchanged: Bool
}

/// Two PMs that are one machine.
package struct PMAlias: Hashable, Sendable {
    /// The PM that stands for nothing of its own.
    package let alias: PMID
    /// The PM that stands for the machine.
    package let real: PMID
}

/// What came of telling which machine a PM's address leads to.
package struct Identification: Hashable, Sendable {
    /// The PM that stands for the machine; nil where this one does.
    package let aliasOf: PMID?
    /// The aliases that were not known as such before.
    package let new: [PMAlias]
}

extension DueMachines: ScriptReply {
    init?(_ reply: RESPValue, keys: Keys) {
        guard let parts = reply.array, parts.count == 4, let next = parts[0].int, let rows = parts[1].array,
            let now = parts[2].int, let problems = parts[3].strings
        else { return nil }
        self.init(next: next < 0 ? nil : .milliseconds(next), now: now)
        faults = problems.map { .malformedRecord($0) }
        for row in rows {
            let record = row.map ?? [:]
            let key = "\(keys.prefix)pm:\(record["id"] ?? "?")"
            do throws(Failure) { machines.append(try PhysicalMachine(record: record, key: key)) } catch {
                faults.append(error)
            }
        }
    }
}

extension RecordedState: ScriptReply {
    init?(_ reply: RESPValue, keys: Keys) {
        guard let words = reply.strings, 2...3 ~= words.count, let state = PMState(rawValue: words[0]) else {
            return nil
        }
        self.init(state: state, reason: words[1], isUnchanged: words.count == 3)
    }
}

extension Identification: ScriptReply {
    init?(_ reply: RESPValue, keys: Keys) {
        guard let words = reply.strings, !words.count.isMultiple(of: 2) else { return nil }
        let numbers = words.dropFirst().compactMap { PMID($0) }
        let pairs = stride(from: 0, to: numbers.count - 1, by: 2)
        aliasOf = PMID(words[0])
        new = pairs.map { PMAlias(alias: numbers[$0], real: numbers[$0 + 1]) }
    }
}

extension Store {
    /// Takes PMs that are due for a look; no other worker takes them before the deadline.
    ///
    /// - Parameters:
    ///   - limit: how many at most.
    ///   - deadline: after which another worker may look.
    ///   - worker: who looks: PMs that it could not reach are left to others that have not tried; empty for anybody.
    /// - Returns: the PMs.
    /// - Throws: `Failure`.
    package func takeDueMachines(
        limit: Int,
        deadline: Duration,
        by worker: String = ""
    ) async throws(Failure) -> DueMachines {
        try await run(.takeDue, ["limit": limit, "deadline_ms": deadline.milliseconds, "worker": worker])
    }

    /// Writes what a look at a PM found.
    ///
    /// - Parameters:
    ///   - report: what was found.
    ///   - pm: the PM.
    ///   - next: how long until the next look.
    ///   - time: a time before all domains of the PM were read, in ms since 1970; nil where they were not read.
    ///   - worker: who looked; empty for nobody in particular.
    ///   - window: for how long it counts that another worker has reached the PM.
    /// - Returns: what is written now; nil where the PM is no longer known.
    /// - Throws: `Failure`.
    @discardableResult
    package func record(
        _ report: DiscoveryReport,
        of pm: PMID,
        next: Duration,
        inventoryAt time: Int? = nil,
        by worker: String = "",
        reachedWithin window: Duration = .zero
    ) async throws(Failure) -> RecordedState? {
        var fields = report.facts
        fields["state"] = report.state.rawValue
        fields["reason"] = report.reason
        let probe: ScriptArguments = [
            "pm": pm.value,
            "next_ms": next.milliseconds,
            "is_measured": report.measure == nil ? 0 : 1,
            "inventory_ms": time.map(String.init) ?? "",
            "worker": worker,
            "window_ms": max(1, window.milliseconds),
        ]
        if let measure = report.measure {
            fields["source"] = report.source
            fields.merge(measure.fields) { _, new in new }
        }
        return try await run(
            .recordProbe,
            probe,
            more: fields.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
        )
    }

    /// Notes which machine a PM's address leads to.
    ///
    /// - Parameters:
    ///   - pm: the PM.
    ///   - identity: the machine's identity; nil where it does not say it.
    /// - Returns: whether the PM is another one's alias, and which aliases are new.
    /// - Throws: `Failure`.
    package func identify(_ pm: PMID, as identity: String?) async throws(Failure) -> Identification {
        try await run(.identify, ["pm": pm.value, "identity": identity ?? ""])
    }

    /// Whether a worker that lives, other than this one, reaches a PM as far as is known.
    ///
    /// - Parameters:
    ///   - pm: the PM.
    ///   - worker: this worker.
    /// - Returns: whether there is one.
    /// - Throws: `Failure`.
    package func isReached(_ pm: PMID, byOtherThan worker: String) async throws(Failure) -> Bool {
        guard let other = try await send(["HGET", keys.pm(pm), "reached_by"]).string, other != worker else {
            return false
        }
        let replies = try await pipeline([
            ["EXISTS", keys.worker(other)], ["HEXISTS", keys.unreached(pm), other],
        ])
        return replies[0].int == 1 && replies[1].int == 0
    }
}
