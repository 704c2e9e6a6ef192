public import Model
import RedisClient

/// All records and places of jobs at one moment.
public struct AuditSnapshot: Sendable {
    /// A job, as far as an audit asks.
    public struct JobRow: Hashable, Sendable {
        /// Its number.
        public let id: JobID
        /// Its state; nil where there is no record of it.
        public let state: Job.State?
        /// The VM it is about; nil where there is no record of it.
        public let vm: VMID?

        /// Makes a row.
        ///
        /// - Parameters:
        ///   - id: its number.
        ///   - state: its state.
        ///   - vm: the VM it is about.
        public init(id: JobID, state: Job.State?, vm: VMID?) {
            self.id = id
            self.state = state
            self.vm = vm
        }
    }

    /// A PM, with the VMs that its set says hold room there.
    public struct MachineRow: Sendable {
        /// Its record.
        public let machine: PhysicalMachine
        /// The VMs of its set.
        public let members: Set<VMID>

        /// Makes a row.
        ///
        /// - Parameters:
        ///   - machine: its record.
        ///   - members: the VMs of its set.
        public init(machine: PhysicalMachine, members: Set<VMID>) {
            self.machine = machine
            self.members = members
        }
    }

    /// A group, as its record has it.
    public struct GroupRow: Hashable, Sendable {
        /// Its rule; nil where there is no record of it.
        public let rule: GroupRule?
        /// How many VMs it has.
        public let members: Int
        /// How many of them are on a PM.
        public let placed: Int

        /// Makes a row.
        ///
        /// - Parameters:
        ///   - rule: its rule.
        ///   - members: how many VMs it has.
        ///   - placed: how many of them are on a PM.
        public init(rule: GroupRule?, members: Int, placed: Int) {
            (self.rule, self.members, self.placed) = (rule, members, placed)
        }
    }

    /// A place where a job stands.
    public enum Place: Hashable, Sendable {
        /// On the queue.
        case queue
        /// On a worker's list.
        case worker(String)
        /// Behind another job of its VM.
        case behind(VMID)
        /// Put off.
        case delayed
    }

    /// The VMs' records.
    public var vms: [VMStatus] = []
    /// The jobs that the VMs' records name as under way.
    public var underWay: [VMID: JobID] = [:]
    /// The groups that have VMs or a record.
    public var groups: [String: GroupRow] = [:]
    /// The PMs that were ever listed.
    public var machines: [MachineRow] = []
    /// Where jobs stand, in the order of each place from its oldest entry on; nil for an entry that is none of ours.
    public var places: [(place: Place, job: JobID?)] = []
    /// The jobs that have a lease.
    public var leases: Set<JobID> = []
    /// The jobs that have not ended, and those that stand somewhere.
    public var jobs: [JobID: JobRow] = [:]

    /// Makes an empty one.
    public init() {}
}

extension Store {
    /// Reads at one moment all that an audit compares.
    ///
    /// - Returns: all records and places of jobs.
    /// - Throws: `Failure`.
    public func auditSnapshot() async throws(Failure) -> AuditSnapshot {
        let jobs = try await openJobs().map(\.value)
        let groups = try await groups()
        let reply = try await run(
            .auditRead,
            keys: [keys.vms, keys.queue, keys.leases, keys.delayed, keys.workers, keys.numbers(of: .pm)],
            [groups.count] + groups + jobs
        )
        guard let parts = reply.array, parts.count == 9 else { throw unexpected(reply, from: "audit-read") }
        return AuditSnapshot(parts)
    }

    /// The jobs that have not ended, by their records.
    private func openJobs() async throws(Failure) -> [JobID] {
        try await jobs(with: "state").filter { $0.values[0].flatMap(Job.State.init)?.isFinal == false }.map(\.job)
    }

    /// All jobs that have a record, with fields of it (SCAN, HMGET).
    func jobs(with fields: String...) async throws(Failure) -> [(job: JobID, values: [String?])] {
        var found: [(job: JobID, values: [String?])] = []
        try await scan("job:") { (names) async throws(Failure) in
            let records = try await pipeline(
                names.map {
                    RedisCommand("HMGET", arguments: (["\(keys.prefix)job:\($0)"] + fields).map(\.redisArgument))
                }
            )
            for (name, record) in zip(names, records) {
                guard let job = JobID(name), let values = record.array?.map(\.string), values.count == fields.count
                else { continue }
                found.append((job, values))
            }
        }
        return found
    }

    /// The names of all groups that have a record (SCAN).
    private func groups() async throws(Failure) -> [String] {
        var found: Set<String> = []
        try await scan("group:") { names in found.formUnion(names) }
        return found.sorted()
    }

    /// Goes through the keys of a kind, some at a time, by the rest of their names (SCAN); one may come twice.
    private func scan(_ kind: String, _ body: ([String]) async throws(Failure) -> Void) async throws(Failure) {
        var cursor = "0"
        repeat {
            let reply = try await send(["SCAN", cursor, "MATCH", "\(globPrefix)\(kind)*", "COUNT", "1000"]).array ?? []
            guard reply.count == 2, let next = reply[0].string else { return }
            cursor = next
            try await body((reply[1].strings ?? []).map { String($0.dropFirst((keys.prefix + kind).count)) })
        } while cursor != "0"
    }

    /// The prefix for a pattern, in which some characters have a meaning.
    private var globPrefix: String {
        keys.prefix.reduce(into: "") { $0 += "*?[]^\\".contains($1) ? "\\\($1)" : String($1) }
    }

    /// Counts what the VMs of a PM hold anew, from their records.
    ///
    /// - Parameter pm: the PM.
    /// - Returns: false where it is not known.
    /// - Throws: `Failure`.
    public func mendClaims(of pm: PMID) async throws(Failure) -> Bool {
        try await run(.mendClaims, keys: [keys.vms], [pm.value]).int == 1
    }

    /// Counts the VMs of a group anew, from their records; a group without any is known no longer.
    ///
    /// - Parameter group: its name.
    /// - Throws: `Failure`.
    public func mend(group: String) async throws(Failure) {
        _ = try await run(.mendGroup, keys: [keys.vms], [group])
    }

    /// Puts a job that has not ended and stands nowhere back to its place in the queue.
    ///
    /// - Parameter job: the job.
    /// - Returns: false where it has ended or stands somewhere.
    /// - Throws: `Failure`.
    public func mend(job: JobID) async throws(Failure) -> Bool {
        try await run(.mendJob, keys: [keys.queue, keys.leases, keys.delayed, keys.workers], [job.value]).int == 1
    }

    /// Frees a VM from a job that has ended or is not known.
    ///
    /// - Parameter vm: the VM.
    /// - Returns: false where a job of it is under way.
    /// - Throws: `Failure`.
    public func mend(vm: VMID) async throws(Failure) -> Bool {
        try await run(.mendVM, keys: [], [vm.value]).int == 1
    }
}

extension AuditSnapshot {
    fileprivate init(_ parts: [RESPValue]) {
        let records = parts[0].array?.compactMap(\.map) ?? []
        vms = records.compactMap(VMStatus.init(record:))
        for record in records {
            guard let vm = record["id"].flatMap(VMID.init), let job = record["job"].flatMap(JobID.init) else {
                continue
            }
            underWay[vm] = job
        }
        machines = (parts[2].array ?? []).compactMap { row in
            guard let row = row.array, row.count == 2, let machine = row[0].map.flatMap(PhysicalMachine.init(record:))
            else { return nil }
            return MachineRow(machine: machine, members: Set(row[1].identifiers()))
        }
        for row in parts[1].array ?? [] {
            guard let row = row.array, row.count == 2, let vm = row[0].int.flatMap(VMID.init) else { continue }
            // Its oldest entry is at the left end; all others have theirs at the right.
            add(row[1].array ?? [], at: .behind(vm))
        }
        add((parts[3].array ?? []).reversed(), at: .queue)
        for row in parts[4].array ?? [] {
            guard let row = row.array, row.count == 2, let worker = row[0].string else { continue }
            add((row[1].array ?? []).reversed(), at: .worker(worker))
        }
        leases = Set(parts[5].identifiers())
        places += parts[6].identifiers().map { (.delayed, $0) }
        for row in parts[8].array ?? [] {
            guard let fields = row.strings, fields.count == 4 else { continue }
            groups[fields[0]] = GroupRow(
                rule: GroupRule(rawValue: fields[1]),
                members: Int(fields[2]) ?? 0,
                placed: Int(fields[3]) ?? 0
            )
        }
        for row in parts[7].array ?? [] {
            guard let fields = row.array?.map(\.string), fields.count == 5, let id = fields[0].flatMap({ JobID($0) })
            else { continue }
            jobs[id] = JobRow(
                id: id,
                state: fields[1].flatMap(Job.State.init),
                vm: fields[3].flatMap { VMID($0) }
            )
        }
    }

    private mutating func add(_ lines: [RESPValue], at place: Place) {
        for line in lines {
            let job = line.string?.firstMatch(of: /"job":(\d+)/).flatMap { JobID($0.1) }
            places.append((place, job))
        }
    }
}
