import Model
import RedisClient

/// Reads all that an audit compares, in pages: no command and no script keeps Redis for more than some milliseconds.
///
/// What changes between two pages shows as a difference, so an audit reports only what it finds twice.
struct AuditReader {
    let store: Store
    var snapshot = AuditSnapshot()
    /// The jobs whose records are to be read: those that have one, and those that stand somewhere.
    private var wanted: Set<JobID> = []
    /// The workers whose lists are to be read.
    private var workers: Set<String> = []
    private var delayed: [JobID] = []

    /// How many commands go in one write: Redis answers nobody else meanwhile.
    static let pageSize = 250

    init(store: Store) {
        self.store = store
    }

    private var keys: Keys { store.keys }

    /// Reads everything.
    static func read(from store: Store) async throws(Failure) -> AuditSnapshot {
        var reader = AuditReader(store: store)
        let names = try await reader.records()
        try await reader.readQueues(waiting: names.waiting)
        try await reader.readVMs(names.vms)
        reader.wanted.formUnion(names.jobs)
        try await reader.readJobs()
        try await reader.readJobIndex(names.jobs)
        try await reader.readProcessingLists()
        try await reader.readGroups(names.groups)
        try await reader.readProjects(names.projects)
        try await reader.readMachines()
        return reader.snapshot
    }

    // MARK: What there is

    private struct Names {
        var projects: Set<ProjectName> = []
        var vms: Set<VMID> = []
        var waiting: Set<VMID> = []
        var jobs: Set<JobID> = []
        var groups: Set<String> = []
    }

    /// The records that there are, by their keys (SCAN).
    private func records() async throws(Failure) -> Names {
        var found = Names()
        try await store.scan("") { names in
            for name in names {
                let parts = name.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                guard parts.count == 2 else { continue }
                switch parts[0] {
                case "vm":
                    if let vm = VMID(parts[1]) {
                        found.vms.insert(vm)
                    } else if parts[1].hasSuffix(":waiting"), let vm = VMID(parts[1].dropLast(":waiting".count)) {
                        found.waiting.insert(vm)
                    }
                case "job": if let job = JobID(parts[1]) { found.jobs.insert(job) }
                case "project": if let project = ProjectName(parts[1]) { found.projects.insert(project) }
                case "group": found.groups.insert(String(parts[1]))
                default: continue
                }
            }
        }
        return found
    }

    // MARK: Jobs

    private mutating func readQueues(waiting: Set<VMID>) async throws(Failure) {
        for vm in waiting.sorted() {
            // Its oldest entry is at the left end; all others have theirs at the right.
            add(try await lines(of: keys.waiting(vm)), at: .behind(vm))
        }
        add(try await lines(of: keys.queue).reversed(), at: .queue)
        add(try await send(["ZRANGE", keys.returned, "0", "-1"], type: "zset")?.strings ?? [], at: .returned)
        add(try await lines(of: keys.direct).reversed(), at: .direct)
        snapshot.leases = Set(try await members(of: keys.leases))
        delayed = try await members(of: keys.delayed).sorted()
        snapshot.holds = Set(try await members(of: keys.holds))
        workers = Set(try await send(["ZRANGE", keys.workers, "0", "-1"])?.strings ?? [])
        wanted.formUnion(snapshot.leases)
        wanted.formUnion(snapshot.places.compactMap(\.job) + delayed)
    }

    private mutating func readJobs() async throws(Failure) {
        for page in wanted.sorted().pages {
            let rows = try await replies(
                page.map {
                    ["HMGET", keys.job($0), "state", "vm", "worker", "kind", "claim_pm", "project", "reserved"]
                },
                type: "hash"
            )
            for (job, row) in zip(page, rows) {
                let fields = row?.array?.map(\.string) ?? Array(repeating: nil, count: 7)
                guard fields.count == 7 else { continue }
                let state = fields[0].flatMap(Job.State.init)
                snapshot.jobs[job] = AuditSnapshot.JobRow(
                    id: job,
                    state: state,
                    vm: fields[1].flatMap { VMID($0) },
                    kind: fields[3].flatMap { Job.Kind(rawValue: $0) },
                    claimPM: fields[4].flatMap { PMID($0) },
                    project: fields[5].flatMap { ProjectName($0) } ?? .default,
                    reserved: fields[6].flatMap { Claim(field: "job:\(job)", value: $0)?.amount } ?? .zero
                )
                if state == .running, let worker = fields[2], !worker.isEmpty { workers.insert(worker) }
            }
        }
    }

    private mutating func readProcessingLists() async throws(Failure) {
        for worker in workers.sorted() {
            let lines = try await lines(of: keys.processing(worker))
            if try await store.send(["EXISTS", keys.worker(worker)]).int != 1 { snapshot.silentWorkers.insert(worker) }
            add(lines.reversed(), at: .worker(worker))
        }
        // Of jobs that a list alone names.
        wanted = Set(snapshot.places.compactMap(\.job)).subtracting(snapshot.jobs.keys)
        try await readJobs()
        snapshot.places += delayed.map { (.delayed, $0) }
        // Those that have ended and stand nowhere are as they must be.
        let standing = Set(snapshot.places.compactMap(\.job))
        snapshot.jobs = snapshot.jobs.filter { $0.value.state?.isFinal == false || standing.contains($0.key) }
    }

    private mutating func add(_ lines: [String], at place: AuditSnapshot.Place) {
        for line in lines {
            let job = line.firstMatch(of: /"job":(\d+)/).flatMap { JobID($0.1) }
            snapshot.places.append((place, job))
        }
    }

    // MARK: Records

    private mutating func readVMs(_ recorded: Set<VMID>) async throws(Failure) {
        let listed: Set<VMID> = Set(try await members(of: keys.vms))
        snapshot.unlisted = recorded.subtracting(listed)
        snapshot.brokenVMs = listed.subtracting(recorded)
        snapshot.unreadable += snapshot.brokenVMs.sorted().map { "\(keys.vm($0)) is missing" }
        for page in recorded.sorted().pages {
            let records = try await replies(page.map { ["HGETALL", keys.vm($0)] }, type: "hash")
            var known: [(vm: VMID, record: [String: String])] = []
            for (vm, reply) in zip(page, records) {
                guard let record = reply?.map else {
                    snapshot.brokenVMs.insert(vm)
                    continue
                }
                // It has gone since its key was seen.
                guard !record.isEmpty else {
                    snapshot.unlisted.remove(vm)
                    continue
                }
                read(record, of: vm)
                known.append((vm, record))
            }
            try await readIndex(of: known)
        }
    }

    /// A VM that searches do not find by its name, labels and MAC addresses counts as unlisted.
    private mutating func readIndex(of known: [(vm: VMID, record: [String: String])]) async throws(Failure) {
        let entries = known.flatMap { vm, record in
            let labels = (record["labels"] ?? "").split(separator: ",").map { "label:\($0)" }
            let project = ["project=\(record["project"] ?? ProjectName.default.description)"]
            let macs = (record["macs"] ?? "").split(separator: ",").map { "mac=\($0)" }
            let number = String(repeating: "0", count: max(0, 15 - vm.description.count)) + vm.description
            return ((record["name"].map { ["name=\($0)"] } ?? []) + project + labels + macs).map {
                (vm: vm, entry: "\($0)\n\(number)")
            }
        }
        guard !entries.isEmpty else { return }
        let arguments = ([keys.vmIndex] + entries.map(\.entry)).map(\.redisArgument)
        let scores = try await send(RedisCommand("ZMSCORE", arguments: arguments), type: "zset")?.array ?? []
        for (entry, score) in zip(entries, scores) where score.isNull { snapshot.unlisted.insert(entry.vm) }
    }

    private mutating func read(_ record: [String: String], of vm: VMID) {
        do throws(Failure) {
            snapshot.vms.append(try VMStatus(record: record, key: keys.vm(vm)))
        } catch {
            snapshot.unreadable.append(error.message)
            snapshot.brokenVMs.insert(vm)
        }
        guard let job = record["job"].flatMap(JobID.init) else { return }
        snapshot.underWay[vm] = job
        wanted.insert(job)
    }

    private mutating func readGroups(_ recorded: Set<String>) async throws(Failure) {
        let groups = recorded.union(snapshot.vms.flatMap(\.vm.constraints.groups.keys))
        for page in groups.sorted().pages {
            let rows = try await replies(
                page.map { ["HMGET", keys.group($0), "rule", "members", "placed"] },
                type: "hash"
            )
            let listing = RedisCommand("ZMSCORE", arguments: ([keys.groups] + page).map(\.redisArgument))
            let listed = try await send(listing, type: "zset")?.array ?? []
            for (index, (name, row)) in zip(page, rows).enumerated() {
                let fields = row?.array?.map(\.string) ?? []
                func number(_ index: Int) -> Int { fields.count == 3 ? fields[index].flatMap { Int($0) } ?? 0 : 0 }
                snapshot.groups[name] = AuditSnapshot.GroupRow(
                    rule: fields.first.flatMap { $0 }.flatMap(GroupRule.init),
                    members: number(1),
                    placed: number(2),
                    isListed: index < listed.count ? !listed[index].isNull : nil
                )
            }
        }
    }

    private mutating func readMachines() async throws(Failure) {
        let numbers = try await send(["HVALS", keys.numbers(of: .pm)])?.strings ?? []
        snapshot.knownPMs = Set(numbers.compactMap { PMID($0) })
        // A script a PM: what it claims is of one moment.
        for pm in snapshot.knownPMs.sorted() {
            let page = try await store.claimsPage(of: pm)
            if let row = page.row { snapshot.machines.append(row) }
            snapshot.unreadable += page.faults
        }
    }

    // MARK: Pages

    /// The entries of a list from left to right.
    ///
    /// A page begins behind the last entry of the one before it, however many entries came to the left end meanwhile.
    private mutating func lines(of key: String) async throws(Failure) -> [String] {
        var all: [String] = []
        while true {
            let range = [all.count, all.count + Self.pageSize - 1].map(String.init)
            guard let page = try await send(["LRANGE", key, range[0], range[1]], type: "list")?.strings else {
                return all
            }
            let overlap = all.last.flatMap { page.lastIndex(of: $0) }.map { $0 + 1 } ?? 0
            all += page[overlap...]
            guard page.count == Self.pageSize, overlap < page.count else { return all }
        }
    }

    /// The members of a sorted set (ZSCAN).
    private mutating func members<Entity>(of key: String) async throws(Failure) -> [Identifier<Entity>] {
        var (found, cursor) = (Set<Identifier<Entity>>(), "0")
        repeat {
            let reply = try await send(["ZSCAN", key, cursor, "COUNT", "500"], type: "zset")?.array ?? []
            guard reply.count == 2, let next = reply[0].string else { break }
            let members = reply[1].strings ?? []
            found.formUnion(stride(from: 0, to: members.count, by: 2).compactMap { Identifier(members[$0]) })
            cursor = next
        } while cursor != "0"
        return Array(found)
    }

    mutating func send(_ command: RedisCommand, type: String = "") async throws(Failure) -> RESPValue? {
        try await replies([command], type: type)[0]
    }

    /// The replies to commands in one write; nil, and a word of it, where a key is of another type.
    private mutating func replies(_ commands: [RedisCommand], type: String) async throws(Failure) -> [RESPValue?] {
        let store = store
        let results = try await store.failing(at: "a page of an audit") { try await store.redis.pipeline(commands) }
        var replies: [RESPValue?] = []
        for (command, result) in zip(commands, results) {
            do {
                replies.append(try result.get())
            } catch  where error.code == .wrongType {
                let key = command.arguments.first.map(\.text) ?? ""
                let found = try await store.send(["TYPE", key]).string ?? "none"
                snapshot.unreadable.append("\(key) is a \(found) and must be a \(type)")
                replies.append(nil)
            } catch {
                throw Failure(
                    .storeUnavailable,
                    "Redis does not answer as it should: check its log",
                    cause: "\(error)"
                )
            }
        }
        return replies
    }
}

extension Array {
    /// The elements in pages of which each is one write.
    fileprivate var pages: [ArraySlice<Element>] {
        stride(from: 0, to: count, by: AuditReader.pageSize).map {
            self[$0..<Swift.min($0 + AuditReader.pageSize, count)]
        }
    }
}
