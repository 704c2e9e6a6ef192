package import Model
import RedisClient

extension Store {
    /// Reads at one moment all that an audit compares.
    ///
    /// - Returns: all records and places of jobs.
    /// - Throws: `Failure`.
    package func auditSnapshot() async throws(Failure) -> AuditSnapshot {
        let jobs = try await openJobs().map(\.value)
        let groups = try await groups()
        let vms = try await unlistedVMs().map(\.value)
        let names: [any RedisArgumentConvertible] = groups + vms + jobs
        return try await run(.auditRead, ["group_count": groups.count, "vm_count": vms.count], more: names)
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

    /// The VMs that have a record and are not in the index (ZRANGE, SCAN).
    private func unlistedVMs() async throws(Failure) -> [VMID] {
        let listed: [VMID] = try await send(["ZRANGE", keys.vms, "0", "-1"]).identifiers()
        var unlisted: Set<VMID> = []
        try await scan("vm:") { names in unlisted.formUnion(names.compactMap { VMID($0) }) }
        return unlisted.subtracting(listed).sorted()
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
    package func mendClaims(of pm: PMID) async throws(Failure) -> Bool {
        try await run(.repairClaims, ["pm": pm.value])
    }

    /// Puts a VM that has a record into the index of VMs.
    ///
    /// - Parameter vm: the VM.
    /// - Throws: `Failure`.
    package func mend(listing vm: VMID) async throws(Failure) {
        let _: Bool = try await run(.listVM, ["vm": vm.value])
    }

    /// Counts the VMs of a group anew, from their records; a group without any is known no longer.
    ///
    /// - Parameter group: its name.
    /// - Throws: `Failure`.
    package func mend(group: String) async throws(Failure) {
        let _: Int = try await run(.repairGroup, ["group": group])
    }

    /// Has a hold end at its time, and what is no hold not at all.
    ///
    /// - Parameter hold: the VM that is held, or is none.
    /// - Throws: `Failure`.
    package func mend(hold: VMID) async throws(Failure) {
        let end = try await send(["HGET", keys.vm(hold), "held_until"]).string ?? ""
        let ms = RecordTime.milliseconds(end) ?? 0
        let _: Bool = try await run(.repairHold, ["vm": hold.value, "held_until": end, "ends_ms": ms])
    }

    /// Puts a job that has not ended and stands nowhere back to its place in the queue.
    ///
    /// - Parameter job: the job.
    /// - Returns: false where it has ended or stands somewhere.
    /// - Throws: `Failure`.
    package func mend(job: JobID) async throws(Failure) -> Bool {
        try await run(.repairJob, ["job": job.value])
    }

    /// Frees a VM from a job that has ended or is not known.
    ///
    /// - Parameter vm: the VM.
    /// - Returns: false where a job of it is under way.
    /// - Throws: `Failure`.
    package func mend(vm: VMID) async throws(Failure) -> Bool {
        try await run(.repairVM, ["vm": vm.value])
    }
}
