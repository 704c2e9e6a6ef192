import Model
import RedisClient

/// What the scripts answer that accept a create or a hold.
enum EnqueueReply: ScriptReply {
    case accepted(JobID, VMID)
    case notReady
    /// The records are of another schema than these programs write.
    case otherSchema
    case unknownType
    case unknownImage
    case unknownHold
    case groupConflict(String, rule: String)
    case queueFull(Int)

    init?(_ reply: RESPValue, keys: Keys) {
        guard let words = reply.strings else { return nil }
        switch (words.first, words.count) {
        case ("ok", 3):
            guard let job = JobID(words[1]), let vm = VMID(words[2]) else { return nil }
            self = .accepted(job, vm)
        case ("queue_full", 2):
            guard let length = Int(words[1]) else { return nil }
            self = .queueFull(length)
        case ("not_ready", 1): self = .notReady
        case ("other_schema", 1): self = .otherSchema
        case ("unknown_type", 1): self = .unknownType
        case ("unknown_image", 1): self = .unknownImage
        case ("unknown_hold", 1): self = .unknownHold
        case ("group_conflict", 3): self = .groupConflict(words[1], rule: words[2])
        default: return nil
        }
    }
}

/// What the script answers that accepts a job on a VM.
enum EnqueueOnVMReply: ScriptReply {
    case accepted(JobID, VMID)
    case notReady
    /// The records are of another schema than these programs write.
    case otherSchema
    case unknownVM
    case unknownHold
    case underWay(String)
    case wrongState(String)

    init?(_ reply: RESPValue, keys: Keys) {
        guard let words = reply.strings else { return nil }
        switch (words.first, words.count) {
        case ("ok", 3):
            guard let job = JobID(words[1]), let vm = VMID(words[2]) else { return nil }
            self = .accepted(job, vm)
        case ("not_ready", 1): self = .notReady
        case ("other_schema", 1): self = .otherSchema
        case ("unknown_vm", 1): self = .unknownVM
        case ("unknown_hold", 1): self = .unknownHold
        case ("under_way", 2): self = .underWay(words[1])
        case ("wrong_state", 2): self = .wrongState(words[1])
        default: return nil
        }
    }
}
