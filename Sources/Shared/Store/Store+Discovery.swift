package import Model
import RedisClient

/// Two PMs that are one machine.
package struct PMAlias: Hashable, Sendable {
    /// The PM that stands for nothing of its own.
    package let alias: PMID
    /// The PM that stands for the machine.
    package let real: PMID
}

/// The machine to which a PM's address leads.
package struct Identification: Hashable, Sendable {
    /// The PM that stands for the machine; nil where this one does.
    package let aliasOf: PMID?
    /// The aliases that were not known as such before.
    package let new: [PMAlias]
}

extension DueProbes: ScriptReply {
    init?(_ reply: RESPValue, keys: Keys) {
        guard let parts = reply.array, parts.count == 8, let next = parts[0].int,
            let rows = [DueProbe](parts[3], keys: keys),
            let now = parts[4].int, let problems = parts[5].strings, let usual = parts[6].int, let down = parts[7].int
        else { return nil }
        self.init(next: next < 0 ? nil : .milliseconds(next))
        (hasMoreUsual, hasMoreDown) = (parts[1].int == 1, parts[2].int == 1)
        probes = rows
        self.now = now
        faults = problems.map { .malformedRecord($0) }
        (skipped.usual, skipped.down) = (usual, down)
    }
}

extension DueProbe: ScriptReply {
    init?(_ reply: RESPValue, keys: Keys) {
        guard let words = reply.strings, words.count == 6, let pm = PMID(words[0]), let failures = Int(words[4]) else {
            return nil
        }
        self.init(
            pm: pm,
            epoch: words[1],
            version: words[2],
            vmsDigest: words[3].isEmpty ? 0 : words[3].hashValue,
            failures: failures,
            measuredAt: RecordTime.milliseconds(words[5])
        )
    }
}

extension ProbeOutcome: ScriptReply {
    init?(_ reply: RESPValue, keys: Keys) {
        guard let words = reply.strings, let word = words.first else { return nil }
        switch (word, words.count) {
        case ("recorded", 5), ("elsewhere", 5):
            guard let state = PMState(rawValue: words[1]) else { return nil }
            let isElsewhere = word == "elsewhere"
            self = .recorded(
                RecordedState(
                    state: state,
                    reason: words[2],
                    isReachedElsewhere: isElsewhere,
                    version: words[3],
                    hasLostClaims: words[4] == "1"
                )
            )
        case ("superseded", 1): self = .superseded
        case ("unknown", 1): self = .unknown
        case ("broken", 2): self = .broken(.malformedRecord(words[1]))
        default: return nil
        }
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
    /// Takes PMs that are due for a probe; no other worker takes them before the deadline.
    ///
    /// - Parameters:
    ///   - limit: how many at most.
    ///   - usual: how many of them at most that answered the last time, or were never probed.
    ///   - down: how many of them at most that did not answer the last time.
    ///   - deadline: after which another worker may probe them.
    ///   - worker: who probes: PMs that it could not reach are left to others that have not tried; empty for anybody.
    ///   - skipped: how many due PMs an earlier question left to others.
    /// - Returns: the PMs.
    /// - Throws: `Failure`.
    package func takeDueProbes(
        limit: Int,
        usual: Int = .max,
        down: Int = .max,
        deadline: Duration,
        by worker: String = "",
        skipping skipped: DueProbes.Skipped = DueProbes.Skipped()
    ) async throws(Failure) -> DueProbes {
        try await run(
            .takeDue,
            [
                "usual": min(usual, limit), "down": min(down, limit), "limit": limit,
                "deadline_ms": deadline.milliseconds, "worker": worker, "usual_skipped": skipped.usual,
                "down_skipped": skipped.down,
            ]
        )
    }

    /// Writes what probes found, each as if it were alone.
    ///
    /// - Parameters:
    ///   - findings: what was found, of each PM once.
    ///   - worker: who probed; empty for nobody in particular.
    ///   - window: for how long it counts that another worker has reached a PM.
    /// - Returns: what became of each finding.
    /// - Throws: `Failure`.
    package func record(
        _ findings: [ProbeFinding],
        by worker: String = "",
        reachedWithin window: Duration = .zero
    ) async throws(Failure) -> [ProbeOutcome] {
        let outcomes: [ProbeOutcome] = try await run(
            .recordProbes,
            ["worker": worker, "window_ms": max(1, window.milliseconds)],
            more: findings.flatMap(\.words)
        )
        guard outcomes.count == findings.count else {
            throw Failure(.internalFault, "record_probes answered for other PMs than were recorded: report this")
        }
        for (finding, outcome) in zip(findings, outcomes) {
            // Its sums stay as they were until its claims are there again, so that nothing of it is given away.
            if case .recorded(let state) = outcome, state.hasLostClaims { _ = try await repairClaims(of: finding.pm) }
        }
        return outcomes
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

extension ProbeFinding {
    /// As the script `record_probes` takes it.
    fileprivate var words: [any RedisArgumentConvertible] {
        var fields: [String: String] = [:]
        if let report {
            fields = report.facts
            fields["state"] = report.state.rawValue
            fields["reason"] = report.reason
            if let measure = report.measure {
                fields["source"] = report.source
                fields.merge(measure.fields) { _, new in new }
            }
        }
        let isMeasured = report == nil || report?.measure != nil
        var words: [any RedisArgumentConvertible] = [
            pm.value, epoch, next.milliseconds, inventoryAt.map(String.init) ?? "", isMeasured ? 1 : 0,
            report == nil ? -1 : fields.count,
        ]
        for (field, value) in fields.sorted(by: { $0.key < $1.key }) { words += [field, value] }
        return words
    }
}
