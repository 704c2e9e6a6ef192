import Model
import RedisClient

/// What the scripts answer that accept a create or a hold.
enum EnqueueReply: ScriptReply {
    case accepted(JobID, VMID)
    case known(KnownRequest)
    case notReady
    /// The records are of another schema than these programs write.
    case otherSchema
    case unknownType
    case unknownImage
    case unknownHold
    case groupConflict(String, rule: String)
    /// There is no such project, or its quota is exceeded.
    case refusedByProject(Failure)
    case queueFull(Int)
    case rejected(kind: String, reason: String)

    init?(_ reply: RESPValue, keys: Keys) {
        guard let words = reply.strings else { return nil }
        switch (words.first, words.count) {
        case ("ok", 3):
            guard let job = JobID(words[1]), let vm = VMID(words[2]) else { return nil }
            self = .accepted(job, vm)
        case ("queue_full", 2):
            guard let length = Int(words[1]) else { return nil }
            self = .queueFull(length)
        case ("rejected", 3): self = .rejected(kind: words[1], reason: words[2])
        case ("unknown_project", _), ("quota_exceeded", _):
            guard let failure = Failure(projectRefusal: words) else { return nil }
            self = .refusedByProject(failure)
        case ("not_ready", 1): self = .notReady
        case ("other_schema", 1): self = .otherSchema
        case ("replayed", _), ("key_reused", _):
            guard let known = KnownRequest(words) else { return nil }
            self = .known(known)
        case ("unknown_type", 1): self = .unknownType
        case ("unknown_image", 1): self = .unknownImage
        case ("unknown_hold", 1): self = .unknownHold
        case ("group_conflict", 3): self = .groupConflict(words[1], rule: words[2])
        default: return nil
        }
    }
}

extension Store {
    /// What was accepted.
    ///
    /// - Throws: `Failure` with why nothing was.
    func acceptance(
        _ reply: EnqueueReply,
        _ nonce: JobNonce,
        type: TypeID?,
        image: ImageID
    ) throws(Failure) -> Acceptance {
        switch reply {
        case .accepted(let job, let vm): return acceptance(job, vm, nonce)
        case .known(let request): return try request.acceptance
        case .notReady: throw .notReady
        case .otherSchema: throw .otherSchema
        case .unknownType: throw .unknownType(type?.description ?? "")
        case .unknownImage: throw .unknownImage(image)
        case .unknownHold: throw Failure(.unknownHold, "there is no such hold: \(Failure.whyNoHold)")
        case .groupConflict(let group, let rule): throw Failure(groupConflict: group, rule: rule)
        case .refusedByProject(let failure): throw failure
        case .queueFull(let length): throw .queueFull(length, limit: queueLimit)
        case .rejected(let kind, let reason): throw .rejected(kind, reason: reason)
        }
    }
}

/// What the script answers that accepts a job on a VM.
enum EnqueueOnVMReply: ScriptReply {
    case accepted(JobID, VMID)
    case known(KnownRequest)
    case notReady
    /// The records are of another schema than these programs write.
    case otherSchema
    case unknownVM
    case unknownHold
    /// The VM has another version than it must have.
    case changed
    case underWay(String)
    case wrongState(String)
    /// The VM would have no CPU or no memory.
    case tooSmall
    /// There is no such project, or its quota is exceeded.
    case refusedByProject(Failure)
    case queueFull(Int)
    case rejected(kind: String, reason: String)

    init?(_ reply: RESPValue, keys: Keys) {
        guard let words = reply.strings else { return nil }
        switch (words.first, words.count) {
        case ("ok", 3):
            guard let job = JobID(words[1]), let vm = VMID(words[2]) else { return nil }
            self = .accepted(job, vm)
        case ("rejected", 3): self = .rejected(kind: words[1], reason: words[2])
        case ("unknown_project", _), ("quota_exceeded", _):
            guard let failure = Failure(projectRefusal: words) else { return nil }
            self = .refusedByProject(failure)
        case ("not_ready", 1): self = .notReady
        case ("other_schema", 1): self = .otherSchema
        case ("replayed", _), ("key_reused", _):
            guard let known = KnownRequest(words) else { return nil }
            self = .known(known)
        case ("unknown_vm", 1): self = .unknownVM
        case ("changed", 1): self = .changed
        case ("unknown_hold", 1): self = .unknownHold
        case ("under_way", 2): self = .underWay(words[1])
        case ("wrong_state", 2): self = .wrongState(words[1])
        case ("too_small", 1): self = .tooSmall
        case ("queue_full", 2):
            guard let length = Int(words[1]) else { return nil }
            self = .queueFull(length)
        default: return nil
        }
    }
}

/// What a request with the same key has come to.
enum KnownRequest {
    /// It was this one, and was accepted.
    case same(Acceptance)
    /// It was another one.
    case other(JobID)

    /// Reads `{'replayed', job, vm, nonce}` or `{'key_reused', job}`.
    init?(_ words: [String]) {
        guard words.count > 1, let job = JobID(words[1]) else { return nil }
        switch (words[0], words.count) {
        case ("replayed", 4):
            guard let vm = VMID(words[2]) else { return nil }
            self = .same(Acceptance(job: job, vm: vm, nonce: JobNonce(words[3]), isReplay: true))
        case ("key_reused", 2): self = .other(job)
        default: return nil
        }
    }

    /// The acceptance of the same request.
    ///
    /// - Throws: `Failure` with `keyReused` where it was another one.
    var acceptance: Acceptance {
        get throws(Failure) {
            switch self {
            case .same(let accepted): return accepted
            case .other(let job):
                throw Failure(
                    .keyReused,
                    "another request had this Idempotency-Key, and made job \(job): give each request a key of its own"
                )
            }
        }
    }
}

extension Failure {
    /// As many jobs wait as may.
    static func queueFull(_ length: Int, limit: Int) -> Failure {
        Failure(
            .queueFull,
            "\(length) jobs are queued or deferred, and \(limit) may be (HVC_QUEUE_LIMIT): try again when workers have taken some; if it "
                + "stays so, see that they run"
        )
    }
}
