package import Model
package import Placement
import RedisClient

package import struct Foundation.UUID

/// One VM of a batch that is asked for.
package struct BatchCreate: Sendable {
    package let name: String
    package let type: TypeID
    package let image: ImageID
    package let constraints: PlacementConstraints
    package let notes: VMNotes
    package let seed: GuestSeed?
    package let uuid: UUID

    package init(
        name: String,
        type: TypeID,
        image: ImageID,
        constraints: PlacementConstraints = .none,
        notes: VMNotes = .none,
        seed: GuestSeed? = nil,
        uuid: UUID = UUID()
    ) {
        (self.name, self.type, self.image) = (name, type, image)
        (self.constraints, self.notes, self.seed, self.uuid) = (constraints, notes, seed, uuid)
    }

    /// As the script takes it.
    fileprivate var words: [any RedisArgumentConvertible] {
        [
            name, uuid.uuidString.lowercased(), type.description, image.description, constraints.recordText,
            constraints.groupWords, notes.labelWords, notes.description ?? "",
        ] + seed.words
    }
}

/// A batch as its record says it.
package struct BatchRecord: Hashable, Sendable {
    package let id: BatchID
    /// Whether its VMs get their places together or not at all.
    package let isAtomic: Bool
    package let jobs: [JobID]
    package let vms: [VMID]
    package let project: ProjectName?
    package let createdAt: String?
    /// The HTTP request that asked for it.
    package let request: String?

    init(_ id: BatchID, record: [String: String], key: String) throws(Failure) {
        let fields = RecordFields(record, key: key)
        self.id = id
        isAtomic = fields["atomic"] == "1"
        jobs = try fields.needed("jobs") { [JobID](numbers: $0) }
        vms = try fields.needed("vms") { [VMID](numbers: $0) }
        project = try fields.value("project") { ProjectName($0) }
        createdAt = fields["created_at"]
        request = fields["request"]
    }
}

/// A VM of a batch, with its create.
package struct BatchMember: Hashable, Sendable {
    package let job: JobID
    /// Nil where the job's record is gone.
    package let state: Job.State?
    package let nonce: JobNonce?
    package let failure: Failure?
    package let vm: VMID
    /// Nil where the VM is no more.
    package let vmState: VMState?
    package let pm: PMID?
    /// Its entry on the queue; nil where there is none that can be read.
    package let entry: QueueEntry?
    /// Whether the job has begun nothing, and its VM has no place yet.
    package let awaitsPlace: Bool
}

/// A batch with what became of it.
package struct BatchDetails: Hashable, Sendable {
    package let record: BatchRecord
    package let members: [BatchMember]
}

extension Store {
    /// Accepts several creates: one script, one round trip, all or nothing.
    ///
    /// - Parameters:
    ///   - creates: the VMs, validated, in their order.
    ///   - isAtomic: whether they get their places together or not at all.
    ///   - project: the project that they are made in.
    ///   - roomWait: how long they wait for room where there is none; nil for not at all.
    ///   - request: the id of the HTTP request, kept with the jobs.
    ///   - key: the client's own key for the request.
    /// - Returns: the acceptance of the first one, whose job gives the batch its number.
    /// - Throws: `Failure` as for one create.
    package func enqueueBatch(
        _ creates: [BatchCreate],
        isAtomic: Bool,
        project: ProjectName = .default,
        roomWait: Duration? = nil,
        request: String,
        key: IdempotencyKey? = nil
    ) async throws(Failure) -> Acceptance {
        guard let first = creates.first else { throw Failure(.invalidRequest, "a batch has one VM or more") }
        try await ensureMemory()
        let nonce = JobNonce()
        let wanted: ScriptArguments = [
            "is_atomic": isAtomic ? 1 : 0, "room_wait_ms": roomWait.milliseconds,
            "project": project.description, "request": request, "queue_limit": queueLimit,
        ]
        let reply: EnqueueBatchReply = try await runOnce(
            .enqueueBatch,
            wanted + identity(nonce, key),
            more: creates.flatMap(\.words)
        )
        switch reply {
        case .accepted(let jobs):
            for (job, vm) in jobs { numbersSeen.note(job: job, vm: vm) }
            guard let (job, vm) = jobs.first else { throw Failure(.internalFault, "a batch has no job: report this") }
            return acceptance(job, vm, nonce)
        case .unknownType(let type): throw .unknownType(type)
        case .unknownImage(let image): throw .unknownImage(ImageID(image) ?? first.image)
        case .other(let reply): return try acceptance(reply, nonce, type: first.type, image: first.image)
        }
    }

    /// A batch with its jobs and VMs, in one round trip.
    ///
    /// - Returns: nil where there is no such batch.
    /// - Throws: `Failure`.
    package func batch(_ id: BatchID) async throws(Failure) -> BatchDetails? {
        let reply: BatchReply = try await run(.readBatch, ["batch": id.value])
        guard !reply.record.isEmpty else { return nil }
        return BatchDetails(
            record: try BatchRecord(id, record: reply.record, key: keys.batch(id)),
            members: reply.members
        )
    }

    /// A page of the batches, by number; of a project, or all.
    package func batches(
        of project: ProjectName? = nil,
        after last: BatchID?,
        limit: Int
    ) async throws(Failure) -> RecordPage<BatchRecord> {
        let reading = RecordReading<Batch, BatchRecord>(
            commands: { [["HGETALL", keys.batch($0)]] },
            record: { (id, replies) throws(Failure) in
                guard let record = try replies[0].record(of: keys.batch(id)) else { return nil }
                return try BatchRecord(id, record: record, key: keys.batch(id))
            }
        )
        return try await page(of: project.map(keys.batches) ?? keys.batches, after: last, limit: limit, reading)
    }
}

/// What a worker decided on the VMs of an atomic batch.
package enum BatchClaim: Sendable {
    /// Each claims its place.
    case place([(job: JobID, pm: PMID, explanation: PlacementExplanation)])
    /// None gets one.
    case refuse([JobID], Failure, PlacementExplanation)

    fileprivate var word: String {
        switch self {
        case .place: "place"
        case .refuse: "refuse"
        }
    }

    fileprivate var failure: Failure? { if case .refuse(_, let failure, _) = self { failure } else { nil } }

    /// job, pm, decision for each.
    fileprivate var members: [any RedisArgumentConvertible] {
        switch self {
        case .place(let places):
            places.flatMap { [$0.job.value, $0.pm.value, $0.explanation.json] as [any RedisArgumentConvertible] }
        case .refuse(let jobs, _, let explanation):
            jobs.flatMap { [$0.value, "", explanation.json] as [any RedisArgumentConvertible] }
        }
    }
}

extension ClaimOutcome.Stop: ScriptWord {}

extension Store {
    /// Gives all VMs of an atomic batch their places, or refuses them all, where one of them is next in the queue.
    ///
    /// - Parameters:
    ///   - batch: the batch.
    ///   - claim: what was decided on those of its jobs that have not begun.
    ///   - headroomVersion: of the snapshot that the decision follows from.
    /// - Returns: `complete`, or why nothing was changed.
    /// - Throws: `Failure`.
    package func claim(
        _ batch: BatchID,
        _ claim: BatchClaim,
        headroomVersion: String
    ) async throws(Failure) -> ClaimOutcome.Stop {
        try await run(
            .claimBatch,
            [
                "batch": batch.value, "action": claim.word, "headroom_version": headroomVersion,
                "retention": jobRetention.argument, "code": claim.failure?.code.rawValue ?? "",
                "message": claim.failure?.message ?? "", "cause": claim.failure?.cause ?? "",
            ],
            more: claim.members
        )
    }
}

/// What the script answers that accepts a batch.
private enum EnqueueBatchReply: ScriptReply {
    case accepted([(JobID, VMID)])
    case unknownType(String)
    case unknownImage(String)
    /// As for one create.
    case other(EnqueueReply)

    init?(_ reply: RESPValue, keys: Keys) {
        guard let words = reply.strings else { return nil }
        switch (words.first, words.count) {
        case ("ok", _):
            var jobs: [(JobID, VMID)] = []
            for at in stride(from: 1, to: words.count - 1, by: 2) {
                guard let job = JobID(words[at]), let vm = VMID(words[at + 1]) else { return nil }
                jobs.append((job, vm))
            }
            self = .accepted(jobs)
        case ("unknown_type", 2): self = .unknownType(words[1])
        case ("unknown_image", 2): self = .unknownImage(words[1])
        default:
            guard let other = EnqueueReply(reply, keys: keys) else { return nil }
            self = .other(other)
        }
    }
}

/// What the script answers that reads a batch.
private struct BatchReply: ScriptReply {
    let record: [String: String]
    let members: [BatchMember]

    init?(_ reply: RESPValue, keys: Keys) {
        guard let parts = reply.array, parts.count == 2, let record = parts[0].map,
            let members = [BatchMember](parts[1], keys: keys)
        else { return nil }
        (self.record, self.members) = (record, members)
    }
}

extension BatchMember: ScriptReply {
    init?(_ reply: RESPValue, keys: Keys) {
        guard let parts = reply.array, parts.count == 12, let job = JobID(parts[0].string ?? ""),
            let vm = VMID(parts[7].string ?? "")
        else { return nil }
        let words = parts.map { $0.string ?? "" }
        let line = QueueSnapshot.Line(parts[2], placedOn: nil)
        (self.job, self.vm) = (job, vm)
        state = Job.State(rawValue: words[1])
        nonce = JobNonce(words[3].isEmpty ? nil : words[3])
        failure = Failure(record: words[4], words[5], words[6])
        vmState = VMState(rawValue: words[8])
        pm = PMID(words[9])
        entry = line.entry
        awaitsPlace =
            (state == .queued || state == .delayed) && vmState == .queued && pm == nil && words[10].isEmpty
            && words[11].isEmpty && line.entry != nil
    }
}
