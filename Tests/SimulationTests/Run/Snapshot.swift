import Foundation
import Model
import RedisClient

@testable import Store

/// A worker's right to a job.
struct HeldJob: Hashable, Sendable {
    let job: JobID
    let epoch: Int
}

/// What stands in Redis, as far as invariants are about it; kept up to date by the keys that were written.
struct Snapshot {
    struct JobView {
        let kind: Job.Kind
        let vm: VMID
        let state: Job.State
        let epoch: Int
        let worker: String
        let pm: PMID?
        let needs: Resources
        let triedPMs: Set<PMID>
        /// The PM on which it holds a claim itself.
        let claimPM: PMID?
        /// The only PM that it may go to.
        let pinnedTo: PMID?
        /// False for what workers do of themselves: a destroy that removes what a failed create may have left, and a start of
        /// a VM that was found switched off.
        let isAskedFor: Bool
        let project: String
        /// What its project counts for it alone.
        let reserved: Resources
        /// The batch with which it was accepted.
        let batch: BatchID?
        /// Whether it may wait for room.
        let mayWait: Bool
    }

    struct BatchView {
        let isAtomic: Bool
        let jobs: [JobID]
    }

    struct VMView {
        let state: VMState
        let pm: PMID?
        let needs: Resources
        let project: String
    }

    /// What an event did to a job.
    struct Change {
        let job: JobID
        let before: JobView?
        let after: JobView
        /// Where its VM was before.
        let pmBefore: PMID?

        /// Whether it was deferred or waited for another job of its VM, and is on the queue now; a wait for room may begin and
        /// end in one script.
        var comesBack: Bool {
            guard let before, after.state == .queued else { return false }
            return before.state == .delayed || before.state == .waiting || before.mayWait && !after.mayWait
        }
    }

    private(set) var jobs: [JobID: JobView] = [:]
    private(set) var vms: [VMID: VMView] = [:]
    /// What projects count.
    private(set) var projects: [String: ProjectUsage] = [:]
    private(set) var pms: [PMID: PhysicalMachine] = [:]
    /// What was claimed on each before the last script.
    private(set) var claimedBefore: [PMID: Resources] = [:]
    /// What is claimed on each PM, by consumer.
    private(set) var claims: [PMID: [Claim.Consumer: Resources]] = [:]
    /// Jobs by list, in the list's order, the oldest first; 0 for what is no entry.
    private(set) var queues: [String: [Int]] = [:]
    private(set) var processing: [String: [Int]] = [:]
    private(set) var waiting: [String: [Int]] = [:]
    private(set) var dead: [Int] = []
    private(set) var leases: [JobID: Int] = [:]
    private(set) var delayed: Set<JobID> = []
    private(set) var delayedOn: [String: [Int]] = [:]
    private(set) var batches: [BatchID: BatchView] = [:]
    /// The creates that wait for room.
    private(set) var waitingForRoom: Set<JobID> = []

    static let prefix = "hvc:"

    /// Takes in what was written.
    ///
    /// - Returns: what became of jobs, the oldest first.
    mutating func update(_ keys: Set<String>, _ redis: SimulatedRedis) -> [Change] {
        var changes: [Change] = []
        let vmsBefore = vms
        claimedBefore = pms.mapValues(\.claimed)
        for key in keys.sorted() where key.hasPrefix(Self.prefix) {
            let parts = key.dropFirst(Self.prefix.count).split(separator: ":").map(String.init)
            switch (parts[0], parts.count > 1 ? parts[1] : "", parts.count > 2 ? parts[2] : "") {
            case ("job", let id, ""): if let change = updateJob(id, key, vmsBefore, redis) { changes.append(change) }
            case ("vm", let id, ""): updateVM(id, key, redis)
            case ("project", let name, ""): updateProject(name, key, redis)
            case ("vm", _, "waiting"): waiting[key] = entries(key, redis)
            case ("pm", let id, ""): updatePM(id, key, redis)
            case ("pm", _, "delayed"): delayedOn[key] = numbers(redis.read(["SMEMBERS", key]))
            case ("pm", let id, "claims"): if let id = PMID(id) { claims[id] = consumers(key, redis) }
            case ("queue", "room", ""):
                waitingForRoom = Set(numbers(redis.read(["ZRANGE", key, "0", "-1"])).compactMap { JobID($0) })
            case ("queue", "room", _): break
            case ("batch", let id, ""): updateBatch(id, key, redis)
            case ("queue", "returned", _): queues[key] = returned(key, redis)
            case ("queue", _, _): queues[key] = entries(key, redis)
            case ("processing", _, _): processing[key] = entries(key, redis)
            case ("dead", _, _): dead = redis.read(["LRANGE", key, "0", "-1"]).strings?.map(Self.job) ?? []
            case ("leases", _, _): updateLeases(key, redis)
            case ("delayed", _, _):
                delayed = Set(numbers(redis.read(["ZRANGE", key, "0", "-1"])).compactMap { JobID($0) })
            default: break
            }
        }
        return changes.sorted { $0.job < $1.job }
    }

    /// True where nothing is left to be done.
    var isAtRest: Bool {
        jobs.values.allSatisfy(\.state.isFinal) && queues.values.allSatisfy(\.isEmpty)
            && processing.values.allSatisfy(\.isEmpty) && vms.values.allSatisfy { $0.state != .held }
    }

    /// The job of a VM that a worker runs now.
    func job(of vm: VMID, runBy worker: String) -> HeldJob? {
        jobs.first { $0.value.vm == vm && $0.value.state == .running && $0.value.worker == worker }
            .map { HeldJob(job: $0.key, epoch: $0.value.epoch) }
    }

    /// Whether a right to a job is not over.
    func isHeld(_ right: HeldJob) -> Bool {
        jobs[right.job].map { $0.state == .running && $0.epoch == right.epoch } ?? false
    }

    // MARK: - Records

    private mutating func updateJob(_ text: String, _ key: String, _ vms: [VMID: VMView], _ redis: SimulatedRedis)
        -> Change?
    {
        guard let id = JobID(text), let fields = redis.read(["HGETALL", key]).map,
            let kind = fields["kind"].flatMap(Job.Kind.init), let vm = fields["vm"].flatMap({ VMID($0) })
        else { return nil }
        let entry = jobs[id] == nil ? Self.entry(fields["entry"] ?? "") : nil
        let view = JobView(
            kind: kind,
            vm: vm,
            state: fields["state"].flatMap(Job.State.init) ?? .queued,
            epoch: fields["epoch"].flatMap { Int($0) } ?? 0,
            worker: fields["worker"] ?? "",
            pm: fields["pm"].flatMap { PMID($0) },
            needs: jobs[id]?.needs ?? entry?.needs ?? .zero,
            triedPMs: Set((fields["tried"] ?? "").split(separator: ",").compactMap { PMID(String($0)) }),
            claimPM: fields["claim_pm"].flatMap { PMID($0) },
            pinnedTo: jobs[id]?.pinnedTo ?? entry?.constraints?.pm,
            isAskedFor: fields["nonce"] != nil,
            project: fields["project"] ?? "",
            reserved: fields["reserved"].flatMap { Claim(field: "job:\(id)", value: $0)?.amount } ?? .zero,
            batch: fields["batch"].flatMap { BatchID($0) },
            mayWait: fields["room_until"] != nil
        )
        return Change(job: id, before: jobs.updateValue(view, forKey: id), after: view, pmBefore: vms[vm]?.pm)
    }

    private mutating func updateBatch(_ text: String, _ key: String, _ redis: SimulatedRedis) {
        guard let id = BatchID(text), let fields = redis.read(["HGETALL", key]).map else { return }
        let jobs = (fields["jobs"] ?? "").split(separator: ",").compactMap { JobID(String($0)) }
        batches[id] = BatchView(isAtomic: fields["atomic"] == "1", jobs: jobs)
    }

    private static func entry(_ line: String) -> QueueEntry? {
        try? JSONDecoder().decode(QueueEntry.self, from: Data(line.utf8))
    }

    private mutating func updateVM(_ text: String, _ key: String, _ redis: SimulatedRedis) {
        guard let id = VMID(text) else { return }
        let fields = redis.read(["HGETALL", key]).map ?? [:]
        vms[id] = fields["state"].flatMap(VMState.init).map {
            VMView(
                state: $0,
                pm: fields["pm"].flatMap { PMID($0) },
                needs: Resources(fields),
                project: fields["project"] ?? ""
            )
        }
    }

    private mutating func updateProject(_ name: String, _ key: String, _ redis: SimulatedRedis) {
        let fields = redis.read(["HGETALL", key]).map ?? [:]
        projects[name] = ProjectUsage(vms: fields["vms"].flatMap { Int($0) } ?? 0, needs: Resources(fields))
    }

    private mutating func updatePM(_ text: String, _ key: String, _ redis: SimulatedRedis) {
        guard let id = PMID(text) else { return }
        pms[id] = try? PhysicalMachine(record: redis.read(["HGETALL", key]).map ?? [:])
    }

    private mutating func updateLeases(_ key: String, _ redis: SimulatedRedis) {
        leases = [:]
        for (job, time) in redis.read(["ZRANGE", key, "0", "-1", "WITHSCORES"]).pairs ?? [] {
            if let job = JobID(job) { leases[job] = SimulatedRedis.time(Double(time.string ?? "") ?? 0) }
        }
    }

    // MARK: - Lists

    /// The jobs of a list's entries, the oldest first.
    private func entries(_ key: String, _ redis: SimulatedRedis) -> [Int] {
        (redis.read(["LRANGE", key, "0", "-1"]).strings ?? []).map(Self.job).reversed()
    }

    /// The jobs that came back, the oldest first.
    private func returned(_ key: String, _ redis: SimulatedRedis) -> [Int] {
        (redis.read(["ZRANGE", key, "0", "-1"]).strings ?? []).map(Self.job)
    }

    /// What is claimed on a PM.
    private func consumers(_ key: String, _ redis: SimulatedRedis) -> [Claim.Consumer: Resources] {
        let claims = (redis.read(["HGETALL", key]).map ?? [:]).compactMap { Claim(field: $0.key, value: $0.value) }
        return Dictionary(claims.map { ($0.consumer, $0.amount) }) { first, _ in first }
    }

    private static func job(_ line: String) -> Int {
        let text = line.replacing("\\\"", with: "\"")
        guard let mark = text.firstRange(of: "\"job\":") else { return 0 }
        return Int(text[mark.upperBound...].prefix { $0.isNumber }) ?? 0
    }

    private func numbers(_ reply: RESPValue) -> [Int] { (reply.strings ?? []).compactMap { Int($0) } }
}

extension Resources {
    fileprivate init(_ fields: [String: String]) {
        func number(_ name: String) -> Int { fields[name].flatMap { Int($0) } ?? 0 }
        self.init(cpu: number("cpu"), ram: number("ram"), disk: number("disk"))
    }
}
