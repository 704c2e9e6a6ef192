import Model

/// What stands in Redis, and the scripts on it: the same transitions and the same answers, on plain values.
///
/// SimulationTests runs the same operations through this and through the real scripts.
struct StoreModel: Sendable {
    /// The clock of Redis, in ms.
    var now = 0
    /// The queue, oldest first.
    var queue: [QueueLine] = []
    /// What workers hold, by their names.
    var processing: [String: [QueueLine]] = [:]
    /// When leases end.
    var leases: [JobID: Int] = [:]
    /// When jobs that were put off are due.
    var delayed: [JobID: Int] = [:]
    /// The jobs that were put off, by the PM that they are about.
    var delayedOn: [PMID?: Set<JobID>] = [:]
    /// What was given up, oldest first.
    var dead: [QueueLine] = []
    /// The jobs behind a VM's job under way, oldest first.
    var waiting: [VMID: [QueueLine]] = [:]
    /// The records of jobs; number 1 first.
    var jobs: [JobRecord] = []
    /// The records of VMs; number 1 first, nil where the VM is gone.
    var vms: [VMRecord?] = []
    /// The records of PMs; number 1 first.
    var machines: [MachineRecord] = []
    /// The types; number 1 first.
    let types: [Resources]
    /// Workers that were heard of.
    var workers: Set<String> = []
    /// Until when nobody need compare processing lists with leases.
    var repairedUntil = 0
    /// When PMs are to be looked at.
    var discovery: [PMID: Int] = [:]
    /// At which version each PM changed last.
    var fleet: [PMID: Int] = [:]
    /// At which version more of each PM changed last than what VMs hold there.
    var records: [PMID: Int] = [:]
    var fleetVersion = 0
    var roomVersion = 0
    var uses = 0
    /// Grows with each change of a record.
    var changes = 0
    /// What happened since somebody took these.
    var notes: [Note] = []
    /// Rules that are broken on purpose.
    let sabotage: Sabotage

    /// An empty Redis.
    ///
    /// - Parameters:
    ///   - types: the types that are listed.
    ///   - sabotage: rules to break.
    init(types: [Resources], sabotage: Sabotage = []) {
        self.types = types
        self.sabotage = sabotage
    }

    /// A job's record; nil where there is none.
    subscript(id: JobID) -> JobRecord? {
        id.value <= jobs.count ? jobs[id.value - 1] : nil
    }

    /// A VM's record; nil where there is none.
    subscript(id: VMID) -> VMRecord? {
        id.value <= vms.count ? vms[id.value - 1] : nil
    }

    /// Changes a job's record.
    mutating func update(_ id: JobID, _ change: (inout JobRecord) -> Void) {
        changes += 1
        change(&jobs[id.value - 1])
    }

    /// Changes a VM's record, where there is one.
    mutating func update(_ id: VMID, _ change: (inout VMRecord) -> Void) {
        guard var record = self[id] else { return }
        changes += 1
        change(&record)
        vms[id.value - 1] = record
    }

    /// Changes a PM's record.
    mutating func update(_ id: PMID, _ change: (inout MachineRecord) -> Void) {
        changes += 1
        change(&machines[id.value - 1])
    }

    /// The record of a job that this lease holds; nil where it is another's, or has ended.
    func held(_ lease: HeldJob) -> JobRecord? {
        guard let job = self[lease.job], job.state == .running, job.epoch == lease.epoch else { return nil }
        return job
    }
}
