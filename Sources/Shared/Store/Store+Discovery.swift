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

extension Store {
    /// Takes PMs that are due for a look; no other worker takes them before the deadline.
    ///
    /// - Parameters:
    ///   - limit: how many at most.
    ///   - deadline: after which another worker may look.
    /// - Returns: the PMs as they stand, how long until the next is due (nil where none is listed), and the time now in ms
    ///   since 1970 by the clock of Redis.
    /// - Throws: `Failure`.
    public func takeDueMachines(
        limit: Int,
        deadline: Duration
    ) async throws(Failure) -> (machines: [PhysicalMachine], next: Duration?, now: Int) {
        let reply = try await run(.takeDue, keys: [keys.discovery], [limit, deadline.milliseconds])
        guard let parts = reply.array, parts.count == 3, let next = parts[0].int, let rows = parts[1].array,
            let now = parts[2].int
        else { throw unexpected(reply, from: "take-due") }
        let machines = rows.compactMap { $0.map.flatMap(PhysicalMachine.init(record:)) }
        return (machines, next < 0 ? nil : .milliseconds(next), now)
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
