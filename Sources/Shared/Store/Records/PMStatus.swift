package import Model
import RedisClient

/// A PM's record in full, for people.
package struct PMStatus: Hashable, Sendable {
    /// What placement goes by.
    package let machine: PhysicalMachine
    /// Why it is not up; empty where it is.
    package let reason: String
    /// When it was probed last, with or without success; nil before the first probe.
    package let checkedAt: String?
    /// When its figures were read; nil where there are none.
    package let measuredAt: String?
    /// How guests run there; nil before libvirt reported it.
    package let domainType: String?
    /// How that was decided.
    package let domainTypeReason: String?
    /// Its host name; nil before libvirt reported it.
    package let hostname: String?
    /// Its kernel's release; nil where it was not asked.
    package let kernel: String?
    /// Why it has other CPUs than its host or its libvirt counts; empty where both count alike.
    package let cpuReason: String
    /// The figures that its host did not say.
    package let missing: [String]
    /// The version of what people set of it; 0 where nobody has since there are versions.
    package let settingsVersion: Int
    /// The workers that could not reach it lately, each with when and why.
    package let unreached: [String: String]
}

extension PMStatus {
    /// Reads the hash `pm:<id>` whole.
    ///
    /// - Parameters:
    ///   - record: its fields.
    ///   - id: its number.
    ///   - key: the key, for people.
    ///   - unreached: the workers that could not reach it lately.
    /// - Throws: `Failure` with `malformedRecord` that names a field that is not what our scripts write.
    init(record: [String: String], of id: PMID, key: String, unreached: [String: String]) throws(Failure) {
        let fields = RecordFields(record, key: key)
        machine = try PhysicalMachine(record: record, key: key)
        guard machine.id == id else { throw fields.fault("id", "is another PM's") }
        for flag in ["cordoned", "listed"] { _ = try fields.value(flag) { ["0", "1"].contains($0) ? $0 : nil } }
        for time in ["checked_at", "measured_at"] { _ = try fields.value(time) { RecordTime.milliseconds($0) } }
        reason = fields["reason"] ?? ""
        checkedAt = fields["checked_at"]
        measuredAt = machine.measure == nil ? nil : fields["measured_at"]
        domainType = fields["domain_type"]
        domainTypeReason = fields["domain_type_reason"]
        hostname = fields["hostname"]
        kernel = fields["kernel"]
        cpuReason = fields["cpu_reason"] ?? ""
        missing = (fields["missing"] ?? "").split(separator: ",").map(String.init)
        settingsVersion = try fields.value("settings_version") { Int($0) } ?? 0
        self.unreached = unreached
    }
}

extension Store {
    /// A PM's record in full, in one round trip (HGETALL).
    ///
    /// - Parameter id: the PM.
    /// - Returns: nil where there is none.
    /// - Throws: `Failure`, with `malformedRecord` where the record is broken.
    package func machineStatus(_ id: PMID) async throws(Failure) -> PMStatus? {
        let replies = try await pipeline([["HGETALL", keys.pm(id)], ["HGETALL", keys.unreached(id)]])
        return try PMStatus(of: id, replies, keys: keys)
    }
}

extension PMStatus {
    /// Reads what HGETALL answers of a PM and of the workers that do not reach it; nil where there is no such PM.
    init?(of id: PMID, _ replies: [RESPValue], keys: Keys) throws(Failure) {
        guard let record = try replies[0].record(of: keys.pm(id)) else { return nil }
        let unreached = try replies[1].record(of: keys.unreached(id)) ?? [:]
        try self.init(record: record, of: id, key: keys.pm(id), unreached: unreached)
    }
}
