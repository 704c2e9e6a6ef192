public import Model
import RedisClient

/// What a look at a PM found.
public struct DiscoveryReport: Hashable, Sendable {
    /// Whether the PM may be used.
    public var state: PMState
    /// Why it may not, for people; empty where it may.
    public var reason: String
    /// What was measured; nil where nothing was, and then the older measure stays with its time.
    public var measure: PMMeasure?
    /// Where the figures come from, such as `ssh free,nproc; libvirt nodeinfo,pools,domains`.
    public var source: String
    /// More facts for people, by field.
    public var facts: [String: String]

    /// Makes a report.
    ///
    /// - Parameters:
    ///   - state: whether the PM may be used.
    ///   - reason: why it may not.
    ///   - measure: what was measured.
    ///   - source: where the figures come from.
    ///   - facts: more facts for people, by field.
    public init(
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
public struct DueMachines: Sendable {
    /// The PMs as they stand.
    public var machines: [PhysicalMachine] = []
    /// How long until the next is due; nil where none is listed.
    public let next: Duration?
    /// The time now, in ms since 1970 by the clock of Redis.
    public let now: Int
    /// Why others that were due cannot be probed: their records are broken or lost.
    public var faults: [Failure] = []
}

extension Store {
    /// Takes PMs that are due for a look; no other worker takes them before the deadline.
    ///
    /// - Parameters:
    ///   - limit: how many at most.
    ///   - deadline: after which another worker may look.
    /// - Returns: the PMs.
    /// - Throws: `Failure`.
    public func takeDueMachines(
        limit: Int,
        deadline: Duration
    ) async throws(Failure) -> DueMachines {
        let reply = try await run(.takeDue, keys: [keys.discovery], [limit, deadline.milliseconds])
        guard let parts = reply.array, parts.count == 4, let next = parts[0].int, let rows = parts[1].array,
            let now = parts[2].int, let problems = parts[3].strings
        else { throw unexpected(reply, from: "take-due") }
        var due = DueMachines(next: next < 0 ? nil : .milliseconds(next), now: now)
        due.faults = problems.map { .malformedRecord($0) }
        for row in rows {
            let record = row.map ?? [:]
            do throws(Failure) {
                due.machines.append(
                    try PhysicalMachine(record: record, key: "\(keys.prefix)pm:\(record["id"] ?? "?")")
                )
            } catch {
                due.faults.append(error)
            }
        }
        return due
    }

    /// Writes what a look at a PM found.
    ///
    /// - Parameters:
    ///   - report: what was found.
    ///   - pm: the PM.
    ///   - next: how long until the next look.
    ///   - time: a time before all domains of the PM were read, in ms since 1970; nil where they were not read.
    /// - Throws: `Failure`.
    public func record(
        _ report: DiscoveryReport,
        of pm: PMID,
        next: Duration,
        inventoryAt time: Int? = nil
    ) async throws(Failure) {
        var fields = report.facts
        fields["state"] = report.state.rawValue
        fields["reason"] = report.reason
        var arguments: [any RedisArgumentConvertible] = [
            pm.value, next.milliseconds, report.measure == nil ? 0 : 1, time.map(String.init) ?? "",
        ]
        if let measure = report.measure {
            fields["source"] = report.source
            fields.merge(measure.fields) { _, new in new }
        }
        for (field, value) in fields.sorted(by: { $0.key < $1.key }) { arguments += [field, value] }
        _ = try await run(.recordDiscovery, keys: [keys.discovery], arguments)
    }
}
