import Model

/// One element of the queue or of a processing list.
enum QueueLine: Hashable, Sendable {
    /// An entry of ours.
    case entry(QueueEntry)
    /// Anything else that somebody put there.
    case junk(String)

    /// The entry; nil where it is none of ours.
    var entry: QueueEntry? {
        if case .entry(let entry) = self { entry } else { nil }
    }
}

/// A worker's right to a job.
struct HeldJob: Hashable, Sendable {
    /// The job.
    let job: JobID
    /// The epoch.
    let epoch: Int
}

/// A job's record, as far as the scripts decide on it.
struct JobRecord: Hashable, Sendable {
    let id: JobID
    let kind: Job.Kind
    let vm: VMID
    var state: Job.State
    var entry: QueueEntry
    var worker: String?
    /// The PM that it is about, once it was taken.
    var pm: PMID?
    var epoch = 0
    var attempts = 0
    var step: JobStep?
    var crashes = 0
    var tries = 0
    var tried: [PMID] = []
    /// Why the last try failed.
    var lastCode: FailureCode?
    /// Why it failed at last.
    var errorCode: FailureCode?
    /// A destroy that a failed create owes, asked for by nobody.
    var isOwed = false
}

/// A VM's record.
struct VMRecord: Hashable, Sendable {
    let id: VMID
    let needs: Resources
    var state: VMState
    var stateBefore: VMState?
    var pm: PMID?
    var job: JobID?
    var destroyJob: JobID?
}

/// A PM's record, with the sets that stand beside it.
struct MachineRecord: Hashable, Sendable {
    var machine: PhysicalMachine
    var lookingUntil: Int?
    var lookAgain = false
    /// When a create failed on it last, or its failures grew fewer.
    var failedAt: Int?
    /// The VMs that hold room on it.
    var vms: Set<VMID> = []
}

/// What the scripts tell of what they did, for those who keep the history.
enum Note: Hashable, Sendable {
    case accepted(JobID, VMID)
    case placed(JobID, VMID, PMID)
    case refused(JobID)
    case started(HeldJob, VMID, worker: String)
    case ended(JobID, VMID, Job.State)
    case cameBack(JobID)
}

extension Identifier {
    /// A number that is known to be one; any below 1 is a fault of the simulator itself.
    init(known number: Int) {
        guard let identifier = Self(number) else { preconditionFailure("\(number) is no identifier") }
        self = identifier
    }
}
