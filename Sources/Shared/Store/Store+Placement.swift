import Foundation
package import Model
package import Placement
import RedisClient

/// The placement policy of the workers, so that dry runs choose alike.
package struct PolicyRecord: Hashable, Sendable {
    /// The policy.
    package let choice: PolicyChoice
    /// How old a PM's measure may be, in ms.
    package let oldest: Int

    /// Makes a record.
    ///
    /// - Parameters:
    ///   - choice: the policy.
    ///   - oldest: how old a PM's measure may be, in ms.
    package init(_ choice: PolicyChoice, oldest: Int = .max) {
        self.choice = choice
        self.oldest = oldest
    }

    /// The policy.
    package var policy: PlacementPolicy { choice.policy(oldest: oldest) }
}

extension Store {
    /// Notes how machines are chosen.
    ///
    /// - Parameter record: how.
    /// - Throws: `Failure`.
    package func register(policy record: PolicyRecord) async throws(Failure) {
        let (name, weights) = (record.choice.name, record.choice.weightsText)
        _ = try await run(.notePolicy, ["name": name, "weights": weights, "oldest_ms": record.oldest]) as Bool
    }

    /// How machines are chosen (HGETALL); as by default where no worker has said it yet.
    ///
    /// - Returns: how.
    /// - Throws: `Failure`.
    package func policy() async throws(Failure) -> PolicyRecord {
        let fields = RecordFields(try await send(["HGETALL", keys.policy]).map ?? [:], key: keys.policy)
        let choice = PolicyChoice(
            name: try fields.value("name") { PolicyChoice.names.contains($0) ? $0 : nil } ?? PlacementPolicy.seed.name,
            weights: try fields.value("weights") { PolicyChoice.weights($0) } ?? [:]
        )
        return PolicyRecord(choice, oldest: try fields.value("oldest_ms") { Int($0) } ?? .max)
    }

    /// Which number the next VM gets, as things are (HGET).
    ///
    /// - Returns: the number.
    /// - Throws: `Failure`.
    package func nextVM() async throws(Failure) -> VMID? {
        VMID(max(try await send(["HGET", keys.counters, "vm"]).int ?? 0, numbersSeen.vm) + 1)
    }

    /// How a job's place was decided, and where it stands (HMGET, GET).
    ///
    /// - Parameter id: the job.
    /// - Returns: nil where there is no such job.
    /// - Throws: `Failure`.
    package func explanation(of id: JobID) async throws(Failure) -> JobExplanation? {
        let names = ["state", "vm", "pm", "kind", "tried", "decision", "left", "error_code", "error", "cause"]
        let replies = try await pipeline([
            RedisCommand("HMGET", arguments: ([keys.job(id)] + names).map(\.redisArgument)),
            ["GET", keys.explanation(of: id)],
        ])
        guard let values = replies[0].array, !values.allSatisfy(\.isNull) else { return nil }
        let fields = RecordFields(names, values, key: keys.job(id))
        var decision = try RecordFields(["decision"], [replies[1]], key: keys.explanation(of: id)).explanation
        // Records of earlier versions have it themselves.
        if decision == nil { decision = try fields.explanation }
        return JobExplanation(
            job: id,
            kind: try fields.needed("kind") { Job.Kind(rawValue: $0) },
            state: try fields.needed("state") { Job.State(rawValue: $0) },
            vm: try fields.needed("vm") { VMID($0) },
            pm: try fields.value("pm") { PMID($0) },
            tried: try fields.value("tried") { Array(numbers: $0) } ?? [],
            decision: decision,
            left: fields["left"]?.split(separator: "\n").map(String.init),
            failure: Failure(record: fields["error_code"], fields["error"], fields["cause"])
        )
    }

    /// The files that a destroy left on the PM (HGET).
    ///
    /// - Returns: their paths; nil where it left none.
    package func filesLeft(by job: JobID) async throws(Failure) -> [String]? {
        try await send(["HGET", keys.job(job), "left"]).string?.split(separator: "\n").map(String.init)
    }

    /// A hold (HMGET).
    ///
    /// - Parameter id: the hold.
    /// - Returns: nil where there is no such hold, or it is being built or given back.
    /// - Throws: `Failure`.
    package func hold(_ id: VMID) async throws(Failure) -> Hold? {
        let names = ["state", "pm", "type", "held_until", "destroy_job", "project"]
        let reply = try await send(RedisCommand("HMGET", arguments: ([keys.vm(id)] + names).map(\.redisArgument)))
        return try Hold(id: id, RecordFields(names, reply.array ?? [], key: keys.vm(id)))
    }

    /// Closes a PM to new VMs, or opens it again.
    ///
    /// - Parameters:
    ///   - isCordoned: whether it is closed.
    ///   - pm: the PM.
    ///   - versions: those of which its settings must have one; nil for any.
    /// - Returns: what came of it.
    /// - Throws: `Failure`.
    package func setCordon(
        _ isCordoned: Bool,
        of pm: PMID,
        ifVersion versions: [String]? = nil
    ) async throws(Failure) -> RecordChange {
        try await set("cordoned", of: pm, to: isCordoned ? "1" : "0", ifVersion: versions)
    }

    /// Gives a PM tags beside those of the PM file, in place of those that it was given before.
    ///
    /// - Parameters:
    ///   - tags: the tags, validated.
    ///   - pm: the PM.
    ///   - versions: those of which its settings must have one; nil for any.
    /// - Returns: what came of it.
    /// - Throws: `Failure`.
    package func setTags(
        _ tags: Set<String>,
        of pm: PMID,
        ifVersion versions: [String]? = nil
    ) async throws(Failure) -> RecordChange {
        try await set("added_tags", of: pm, to: tags.sorted().joined(separator: ","), ifVersion: versions)
    }

    private func set(
        _ field: String,
        of pm: PMID,
        to value: String,
        ifVersion versions: [String]?
    ) async throws(Failure) -> RecordChange {
        try await run(
            .setPM,
            ["pm": pm.value, "if_versions": versions.conditionWords, "field": field, "value": value]
        )
    }
}

/// A claim for a VM that is not built yet.
package struct Hold: Hashable, Sendable {
    /// Its number, which will be the VM's.
    package let id: VMID
    /// The type of the VM.
    package let type: TypeID
    /// The PM that holds it.
    package let pm: PMID
    /// When it ends, by the clock of Redis (RFC 3339).
    package let expiresAt: String
    package let project: ProjectName
}

extension Hold {
    /// Reads the fields of a VM; nil where it is no hold, or is being built or given back.
    init?(id: VMID, _ fields: RecordFields) throws(Failure) {
        guard fields["state"] == "held", fields["destroy_job"] == nil else { return nil }
        self.init(
            id: id,
            type: try fields.needed("type") { TypeID($0) },
            pm: try fields.needed("pm") { PMID($0) },
            expiresAt: try fields.text("held_until"),
            project: try fields.value("project") { ProjectName($0) } ?? .default
        )
    }
}

/// How a job's place was decided, and where it stands.
package struct JobExplanation: Hashable, Sendable {
    /// The job.
    package let job: JobID
    /// What it does.
    package let kind: Job.Kind
    /// Its state.
    package let state: Job.State
    /// The VM it is about.
    package let vm: VMID
    /// Its PM; nil for none.
    package let pm: PMID?
    /// The PMs that failed it, in that order.
    package let tried: [PMID]
    /// The last decision; nil before it was made, and some time after the job's end.
    package let decision: PlacementExplanation?
    /// Of a destroy: the files that its VM used and that stay on the PM; nil for none.
    package let left: [String]?
    /// Why it failed; nil where it did not.
    package let failure: Failure?
}

extension RecordFields {
    /// How a place was decided.
    fileprivate var explanation: PlacementExplanation? {
        get throws(Failure) {
            try value("decision") { try? JSONDecoder().decode(PlacementExplanation.self, from: Data($0.utf8)) }
        }
    }
}
