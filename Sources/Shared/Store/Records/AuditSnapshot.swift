package import Model
import RedisClient

/// All records and places of jobs at one moment.
package struct AuditSnapshot: Sendable {
    /// A job, as far as an audit asks.
    package struct JobRow: Hashable, Sendable {
        /// Its number.
        package let id: JobID
        /// Its state; nil where there is no record of it.
        package let state: Job.State?
        /// The VM it is about; nil where there is no record of it.
        package let vm: VMID?

        /// Makes a row.
        ///
        /// - Parameters:
        ///   - id: its number.
        ///   - state: its state.
        ///   - vm: the VM it is about.
        package init(id: JobID, state: Job.State?, vm: VMID?) {
            self.id = id
            self.state = state
            self.vm = vm
        }
    }

    /// A PM, with the VMs that its set says hold room there.
    package struct MachineRow: Sendable {
        /// Its record.
        package let machine: PhysicalMachine
        /// The VMs of its set.
        package let members: Set<VMID>
        /// What the machine calls itself, whatever its address; nil before it was looked at.
        package let hostUUID: String?

        /// Makes a row.
        ///
        /// - Parameters:
        ///   - machine: its record.
        ///   - members: the VMs of its set.
        ///   - hostUUID: what the machine calls itself.
        package init(machine: PhysicalMachine, members: Set<VMID>, hostUUID: String? = nil) {
            self.machine = machine
            self.members = members
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

        /// Makes a row.
        ///
        /// - Parameters:
        ///   - rule: its rule.
        ///   - members: how many VMs it has.
        ///   - placed: how many of them are on a PM.
        package init(rule: GroupRule?, members: Int, placed: Int) {
            (self.rule, self.members, self.placed) = (rule, members, placed)
        }
    }

    /// A place where a job stands.
    package enum Place: Hashable, Sendable {
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
    package var vms: [VMStatus] = []
    /// What cannot be read of VMs and PMs, each in words that begin with the key.
    package var unreadable: [String] = []
    /// The VMs that have a record and are not in the index of VMs.
    package var unlisted: Set<VMID> = []
    /// The jobs that the VMs' records name as under way.
    package var underWay: [VMID: JobID] = [:]
    /// The groups that have VMs or a record.
    package var groups: [String: GroupRow] = [:]
    /// The VMs that end as holds when their time is over.
    package var holds: Set<VMID> = []
    /// The PMs that were ever listed.
    package var machines: [MachineRow] = []
    /// Where jobs stand, in the order of each place from its oldest entry on; nil for an entry that is none of ours.
    package var places: [(place: Place, job: JobID?)] = []
    /// The workers that were not heard of lately.
    package var silentWorkers: Set<String> = []
    /// The jobs that have a lease.
    package var leases: Set<JobID> = []
    /// The jobs that have not ended, and those that stand somewhere.
    package var jobs: [JobID: JobRow] = [:]

    /// Makes an empty one.
    package init() {}
}

extension AuditSnapshot: ScriptReply {
    init?(_ reply: RESPValue, keys: Keys) {
        guard let parts = reply.array, parts.count == 12 else { return nil }
        let records = parts[0].array?.compactMap(\.map) ?? []
        for record in records {
            do throws(Failure) {
                vms.append(try VMStatus(record: record, key: "\(keys.prefix)vm:\(record["id"] ?? "?")"))
            } catch { unreadable.append(error.message) }
            guard let vm = record["id"].flatMap(VMID.init), let job = record["job"].flatMap(JobID.init) else {
                continue
            }
            underWay[vm] = job
        }
        for row in parts[2].array ?? [] {
            guard let row = row.array, row.count == 3, let record = row[0].map else { continue }
            do throws(Failure) {
                machines.append(
                    MachineRow(
                        machine: try PhysicalMachine(record: record, key: "\(keys.prefix)pm:\(row[2].string ?? "?")"),
                        members: Set(row[1].identifiers()),
                        hostUUID: record["host_uuid"]
                    )
                )
            } catch { unreadable.append(error.message) }
        }
        for row in parts[1].array ?? [] {
            guard let row = row.array, row.count == 2, let vm = row[0].int.flatMap(VMID.init) else { continue }
            // Its oldest entry is at the left end; all others have theirs at the right.
            add(row[1].array ?? [], at: .behind(vm))
        }
        add((parts[3].array ?? []).reversed(), at: .queue)
        for row in parts[4].array ?? [] {
            guard let row = row.array, row.count == 3, let worker = row[0].string else { continue }
            if row[2].int != 1 { silentWorkers.insert(worker) }
            add((row[1].array ?? []).reversed(), at: .worker(worker))
        }
        leases = Set(parts[5].identifiers())
        places += parts[6].identifiers().map { (.delayed, $0) }
        holds = Set(parts[9].identifiers())
        unlisted = Set(parts[10].identifiers())
        unreadable += parts[11].strings ?? []
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
