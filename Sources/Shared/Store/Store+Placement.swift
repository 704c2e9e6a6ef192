import Foundation
public import Model
public import Placement
import RedisClient

/// How the workers were told to choose machines, so that what-ifs choose alike.
public struct PolicyRecord: Hashable, Sendable {
    /// The policy.
    public let choice: PolicyChoice
    /// How old a PM's measure may be, in ms.
    public let oldest: Int

    /// Makes a record.
    ///
    /// - Parameters:
    ///   - choice: the policy.
    ///   - oldest: how old a PM's measure may be, in ms.
    public init(_ choice: PolicyChoice, oldest: Int = .max) {
        self.choice = choice
        self.oldest = oldest
    }

    /// The policy.
    public var policy: PlacementPolicy { choice.policy(oldest: oldest) }
}

extension Store {
    /// Notes how machines are chosen (HSET).
    ///
    /// - Parameter record: how.
    /// - Throws: `Failure`.
    public func register(policy record: PolicyRecord) async throws(Failure) {
        let (name, weights) = (record.choice.name, record.choice.weightsText)
        _ = try await send(["HSET", keys.policy, "name", name, "weights", weights, "oldest_ms", record.oldest])
    }

    /// How machines are chosen (HGETALL); as by default where no worker has said it yet.
    ///
    /// - Returns: how.
    /// - Throws: `Failure`.
    public func policy() async throws(Failure) -> PolicyRecord {
        let fields = try await send(["HGETALL", keys.policy]).map ?? [:]
        let choice = PolicyChoice(
            name: fields["name"] ?? PlacementPolicy.seed.name,
            weights: PolicyChoice.weights(fields["weights"] ?? "") ?? [:]
        )
        return PolicyRecord(choice, oldest: fields["oldest_ms"].flatMap { Int($0) } ?? .max)
    }

    /// Which number the next VM gets, as things are (HGET).
    ///
    /// - Returns: the number.
    /// - Throws: `Failure`.
    public func nextVM() async throws(Failure) -> VMID? {
        VMID(max(try await send(["HGET", keys.counters, "vm"]).int ?? 0, numbersSeen.vm) + 1)
    }

    /// How a job's place was decided, and where it stands (HMGET).
    ///
    /// - Parameter id: the job.
    /// - Returns: nil where there is no such job; the decision is one line of JSON, nil before it was made.
    /// - Throws: `Failure`.
    public func explanation(of id: JobID) async throws(Failure) -> JobExplanation? {
        let reply = try await send([
            "HMGET", keys.job(id), "state", "vm", "pm", "kind", "tried", "decision", "error_code", "error", "cause",
        ])
        let fields = reply.array?.map { $0.string.flatMap { $0.isEmpty ? nil : $0 } } ?? []
        guard fields.count == 9, let state = fields[0].flatMap(Job.State.init),
            let vm = fields[1].flatMap({ VMID($0) }),
            let kind = fields[3].flatMap(Job.Kind.init)
        else { return nil }
        let failure = fields[6].flatMap(FailureCode.init).map { Failure($0, fields[7] ?? "", cause: fields[8]) }
        return JobExplanation(
            job: id,
            kind: kind,
            state: state,
            vm: vm,
            pm: fields[2].flatMap { PMID($0) },
            tried: (fields[4] ?? "").split(separator: ",").compactMap { PMID($0) },
            decision: fields[5],
            failure: failure
        )
    }

    /// A hold (HMGET).
    ///
    /// - Parameter id: the hold.
    /// - Returns: nil where there is no such hold, or it is being built or given back.
    /// - Throws: `Failure`.
    public func hold(_ id: VMID) async throws(Failure) -> Hold? {
        let fields =
            try await send(["HMGET", keys.vm(id), "state", "pm", "type", "held_until", "destroy_job"]).array ?? []
        guard fields.count == 5, fields[0].string == "held", fields[4].string == nil,
            let pm = fields[1].int.flatMap(PMID.init), let type = fields[2].int.flatMap(TypeID.init),
            let end = fields[3].string
        else { return nil }
        return Hold(id: id, type: type, pm: pm, expiresAt: end)
    }

    /// Closes a PM to new VMs, or opens it again.
    ///
    /// - Parameters:
    ///   - isCordoned: whether it is closed.
    ///   - pm: the PM.
    /// - Returns: false where there is no such PM.
    /// - Throws: `Failure`.
    public func setCordon(_ isCordoned: Bool, of pm: PMID) async throws(Failure) -> Bool {
        try await run(.setMachine, keys: [], [pm.value, "cordoned", isCordoned ? "1" : "0"]).int == 1
    }

    /// Gives a PM tags beside those of the PM file, in place of those that it was given before.
    ///
    /// - Parameters:
    ///   - tags: the tags, validated.
    ///   - pm: the PM.
    /// - Returns: false where there is no such PM.
    /// - Throws: `Failure`.
    public func setTags(_ tags: Set<String>, of pm: PMID) async throws(Failure) -> Bool {
        try await run(.setMachine, keys: [], [pm.value, "added_tags", tags.sorted().joined(separator: ",")]).int == 1
    }
}

/// Room that is held for a VM which is not built yet.
public struct Hold: Hashable, Sendable {
    /// Its number, which will be the VM's.
    public let id: VMID
    /// The type whose room it holds.
    public let type: TypeID
    /// The PM that holds it.
    public let pm: PMID
    /// When it ends, by the clock of Redis (RFC 3339).
    public let expiresAt: String
}

/// How a job's place was decided, and where it stands.
public struct JobExplanation: Hashable, Sendable {
    /// The job.
    public let job: JobID
    /// What it does.
    public let kind: Job.Kind
    /// Its state.
    public let state: Job.State
    /// The VM it is about.
    public let vm: VMID
    /// Its PM; nil for none.
    public let pm: PMID?
    /// The PMs that failed it, in that order.
    public let tried: [PMID]
    /// The last decision, as one line of JSON; nil before it was made.
    public let decision: String?
    /// Why it failed; nil where it did not.
    public let failure: Failure?
}

extension RedisScript {
    /// Writes a field of a PM that people set, where there is such a PM.
    ///
    /// - KEYS: none.
    /// - ARGV: 1 prefix, 2 pm, 3 field, 4 value.
    /// - Returns: 1, or 0 where there is no such PM.
    static let setMachine = RedisScript(
        name: "set-machine",
        source: Fragment.clock + Fragment.event + Fragment.touch + #"""
            local key = P .. 'pm:' .. ARGV[2]
            if redis.call('EXISTS', key) == 0 then return 0 end
            redis.call('HSET', key, ARGV[3], ARGV[4])
            touch(ARGV[2], true)
            event('pm.changed', 'pm', ARGV[2], 'field', ARGV[3], 'value', ARGV[4])
            return 1
            """#
    )
}
