package import Model

/// All records and places of jobs, read in pages: each page is of one moment, and they follow one another.
package struct AuditSnapshot: Sendable {
    /// A job, as far as an audit asks.
    package struct JobRow: Hashable, Sendable {
        /// Its number.
        package let id: JobID
        /// Its state; nil where there is no record of it.
        package let state: Job.State?
        /// The VM it is about; nil where there is no record of it.
        package let vm: VMID?
        /// What it does; nil where there is no record of it.
        package let kind: Job.Kind?
        /// The PM on which it holds a claim itself; nil for none.
        package let claimPM: PMID?
        /// The project of that VM.
        package let project: ProjectName
        /// What the project counts for it in addition to what its VM needs.
        package let reserved: Resources

        /// Makes a row.
        ///
        /// - Parameters:
        ///   - id: its number.
        ///   - state: its state.
        ///   - vm: the VM it is about.
        ///   - kind: what it does.
        ///   - claimPM: the PM on which it holds a claim itself.
        ///   - project: the project of the VM.
        ///   - reserved: what the project counts for it.
        package init(
            id: JobID,
            state: Job.State?,
            vm: VMID?,
            kind: Job.Kind? = nil,
            claimPM: PMID? = nil,
            project: ProjectName = .default,
            reserved: Resources = .zero
        ) {
            self.id = id
            self.state = state
            self.vm = vm
            self.kind = kind
            self.claimPM = claimPM
            (self.project, self.reserved) = (project, reserved)
        }
    }

    /// A PM, with what is claimed there; both of one moment.
    package struct MachineRow: Sendable {
        /// Its record.
        package let machine: PhysicalMachine
        /// What is claimed there, by consumer.
        package let claims: [Claim.Consumer: Resources]
        /// How many VMs of each group claim capacity there; nil where there are too many VMs to be read at once.
        package let groups: [String: Int]?
        /// What the machine calls itself, whatever its address; nil before it was probed.
        package let hostUUID: String?

        /// Makes a row.
        package init(
            machine: PhysicalMachine,
            claims: [Claim.Consumer: Resources],
            groups: [String: Int]? = [:],
            hostUUID: String? = nil
        ) {
            self.machine = machine
            self.claims = claims
            self.groups = groups
            self.hostUUID = hostUUID
        }
    }

    /// A group, as its record has it.
    package struct GroupRow: Hashable, Sendable {
        /// Its rule; nil where there is no record of it.
        package let rule: GroupRule?
        /// How many VMs it has.
        package let members: Int
        /// How many of them are on a PM.
        package let placed: Int
        /// Whether the list of groups has it, as it must while it has VMs.
        package let isListed: Bool

        /// Makes a row.
        ///
        /// - Parameters:
        ///   - rule: its rule.
        ///   - members: how many VMs it has.
        ///   - placed: how many of them are on a PM.
        ///   - isListed: whether the list of groups has it; nil where that is as it must be.
        package init(rule: GroupRule?, members: Int, placed: Int, isListed: Bool? = nil) {
            (self.rule, self.members, self.placed) = (rule, members, placed)
            self.isListed = isListed ?? (members > 0)
        }
    }

    /// A place where a job stands.
    package enum Place: Hashable, Sendable {
        /// On the queue of what is to take capacity.
        case queue
        /// Among what came back to that queue.
        case returned
        /// On the queue of what takes none.
        case direct
        /// On a worker's list.
        case worker(String)
        /// Behind another job of its VM.
        case behind(VMID)
        /// Deferred.
        case delayed
    }

    /// The VMs' records.
    package var vms: [VMStatus] = []
    /// What cannot be read of VMs and PMs, each in words that begin with the key.
    package var unreadable: [String] = []
    /// The VMs that have a record and are not in the index of VMs.
    package var unlisted: Set<VMID> = []
    /// The jobs that have a record and are not in the index of jobs.
    package var unlistedJobs: Set<JobID> = []
    /// The jobs that the VMs' records name as under way.
    package var underWay: [VMID: JobID] = [:]
    /// The groups that have VMs or a record.
    package var groups: [String: GroupRow] = [:]
    /// What the projects that have a record count.
    package var projects: [ProjectName: ProjectUsage] = [:]
    /// Those of them that the list of projects lacks.
    package var unlistedProjects: Set<ProjectName> = []
    /// The VMs that end as holds when their time is over.
    package var holds: Set<VMID> = []
    /// The VMs whose record cannot be read, or is lost while the index has them.
    package var brokenVMs: Set<VMID> = []
    /// The PMs that were ever listed and whose record can be read.
    package var machines: [MachineRow] = []
    /// The PMs that were ever listed.
    package var knownPMs: Set<PMID> = []
    /// Where jobs stand, in the order of each place from its oldest entry on; nil for an entry that is none of ours.
    package var places: [(place: Place, job: JobID?)] = []
    /// The workers without a recent heartbeat.
    package var silentWorkers: Set<String> = []
    /// The jobs that have a lease.
    package var leases: Set<JobID> = []
    /// The jobs that have not ended, and those that stand somewhere.
    package var jobs: [JobID: JobRow] = [:]

    /// Makes an empty one.
    package init() {}
}
