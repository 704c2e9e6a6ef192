package import Model
import RedisClient

extension Store {
    /// Reads all that an audit compares, in pages.
    ///
    /// - Throws: `Failure`.
    package func auditSnapshot() async throws(Failure) -> AuditSnapshot { try await AuditReader.read(from: self) }

    /// Reads at one moment what an audit compares of a PM.
    ///
    /// - Returns: nil where its record is lost; a failure where it cannot be read.
    func claimsPage(of pm: PMID) async throws(Failure) -> ClaimsPage {
        try await run(.readClaims, ["pm": pm.value, "limit": 2000])
    }

    /// All jobs that have a record, with fields of it (SCAN, HMGET).
    func jobs(with fields: String...) async throws(Failure) -> [(job: JobID, values: [String?])] {
        var found: [(job: JobID, values: [String?])] = []
        try await scan("job:") { (names) async throws(Failure) in
            // What else a job has stands behind its number.
            let jobs = names.compactMap { JobID($0) }
            let records = try await pipeline(
                jobs.map { RedisCommand("HMGET", arguments: ([keys.job($0)] + fields).map(\.redisArgument)) }
            )
            for (job, record) in zip(jobs, records) {
                guard let values = record.array?.map(\.string), values.count == fields.count
                else { continue }
                found.append((job, values))
            }
        }
        return found
    }

    /// Goes through the keys of a kind, some at a time, by the rest of their names (SCAN); one may come twice.
    func scan(_ kind: String, _ body: ([String]) async throws(Failure) -> Void) async throws(Failure) {
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

    /// Makes a PM's claims and their sums anew from the records of their VMs, a page at a time.
    ///
    /// - Parameter pm: the PM.
    /// - Returns: false where it is not known.
    /// - Throws: `Failure`.
    package func repairClaims(of pm: PMID) async throws(Failure) -> Bool {
        var cursor = "0"
        repeat {
            let reply = try await send(["ZSCAN", keys.vms, cursor, "COUNT", "500"]).array ?? []
            guard reply.count == 2, let next = reply[0].string, let members = reply[1].strings else { break }
            let vms = stride(from: 0, to: members.count, by: 2).map { members[$0] }
            let _: Int = try await run(.claimUnclaimed, ["pm": pm.value], more: vms)
            cursor = next
        } while cursor != "0"
        return try await run(.repairClaims, ["pm": pm.value])
    }

    /// Puts a VM that has a record into the index of VMs.
    ///
    /// - Parameter vm: the VM.
    /// - Throws: `Failure`.
    package func repair(listing vm: VMID) async throws(Failure) {
        let _: Bool = try await run(.listVM, ["vm": vm.value])
    }

    /// Puts jobs that have a record into the index of jobs.
    package func repair(listing jobs: [JobID]) async throws(Failure) {
        for page in stride(from: 0, to: jobs.count, by: 500).map({ jobs[$0..<min($0 + 500, jobs.count)] }) {
            let _: Bool = try await run(.listJob, more: page.map(\.value))
        }
    }

    /// Corrects the counts of a group; one without VMs is known no longer.
    ///
    /// - Parameter correction: by how much.
    /// - Throws: `Failure`.
    package func repair(_ correction: GroupCorrection) async throws(Failure) {
        let _: Int = try await run(
            .repairGroup,
            [
                "group": correction.group, "rule": correction.rule?.rawValue ?? "", "members": correction.members,
                "placed": correction.placed,
            ]
        )
    }

    /// Has a hold end at its time, and what is no hold not at all.
    ///
    /// - Parameter hold: the VM that is held, or is none.
    /// - Throws: `Failure`.
    package func repair(hold: VMID) async throws(Failure) {
        let end = try await send(["HGET", keys.vm(hold), "held_until"]).string ?? ""
        let ms = RecordTime.milliseconds(end) ?? 0
        let _: Bool = try await run(.repairHold, ["vm": hold.value, "held_until": end, "ends_ms": ms])
    }

    /// Puts a job that has not ended and stands nowhere back to its place in the queue.
    ///
    /// - Parameter job: the job.
    /// - Returns: false where it has ended or stands somewhere.
    /// - Throws: `Failure`.
    package func repair(job: JobID) async throws(Failure) -> Bool {
        try await run(.repairJob, ["job": job.value])
    }

    /// Frees a VM from a job that has ended or is not known.
    ///
    /// - Parameter vm: the VM.
    /// - Returns: false where a job of it is under way.
    /// - Throws: `Failure`.
    package func repair(vm: VMID) async throws(Failure) -> Bool {
        try await run(.repairVM, ["vm": vm.value])
    }
}

/// How many VMs more a group has than its record says, and how many more of them are on a PM.
package struct GroupCorrection: Hashable, Sendable {
    /// Its name.
    package let group: String
    /// Its rule; nil for the one that it has.
    package let rule: GroupRule?
    /// How many VMs more.
    package let members: Int
    /// How many more of them are on a PM.
    package let placed: Int

    /// Makes a correction.
    package init(group: String, rule: GroupRule?, members: Int, placed: Int) {
        (self.group, self.rule, self.members, self.placed) = (group, rule, members, placed)
    }
}
