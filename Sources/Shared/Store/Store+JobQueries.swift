package import Model
import RedisClient

/// Which jobs are listed.
package struct JobFilter: Hashable, Sendable {
    package var vm: VMID?
    package var pm: PMID?
    package var state: Job.State?
    package var kind: Job.Kind?
    package var project: ProjectName?
    /// The id of the HTTP request that asked for it.
    package var request: String?

    package init(
        vm: VMID? = nil,
        pm: PMID? = nil,
        state: Job.State? = nil,
        kind: Job.Kind? = nil,
        project: ProjectName? = nil,
        request: String? = nil
    ) {
        (self.vm, self.pm, self.state, self.kind, self.request) = (vm, pm, state, kind, request)
        self.project = project
    }

    /// What the words of the index begin with that are gone through.
    fileprivate var prefix: String {
        if let request { return "request:\(request):" }
        guard let vm else { return project.map { "project:\($0):" } ?? "all:" }
        let digits = "\(vm)"
        return "vm:\(String(repeating: "0", count: max(0, 15 - digits.count)))\(digits):"
    }

    /// What each record must have beyond that, as fields and values.
    fileprivate var fields: [String] {
        let wanted = [
            ("vm", request == nil ? nil : vm?.description), ("pm", pm?.description), ("state", state?.rawValue),
            ("kind", kind?.rawValue), ("project", request == nil && vm == nil ? nil : project?.description),
        ]
        return wanted.flatMap { name, value in value.map { [name, $0] } ?? [] }
    }
}

extension Store {
    /// A job with its steps and its place in the queue, in one round trip.
    ///
    /// - Returns: nil where it has no record.
    package func job(_ id: JobID) async throws(Failure) -> JobDetails? {
        try await (run(.readJob, ["job": id.value]) as JobReply).details(of: id, keys: keys)
    }

    /// A page of jobs, the newest first (two round trips).
    ///
    /// No more than 1,000 records are read for it, so it may have fewer jobs than asked for where others follow.
    package func jobs(
        _ filter: JobFilter,
        before: JobID? = nil,
        limit: Int
    ) async throws(Failure) -> RecordPage<JobRecord> {
        // First, so that what happens until the page is read is told twice, rather than never.
        let events = try await lastEvent()
        let reply: JobPageReply = try await run(
            .listJobs,
            ["prefix": filter.prefix, "before": before.map { "\($0)" } ?? "", "limit": limit, "scanned": 1000],
            more: filter.fields
        )
        var jobs: [JobRecord] = []
        for (id, record) in reply.records {
            jobs.append(try JobRecord(id, record: record, key: keys.job(id)))
        }
        return RecordPage(records: jobs, next: reply.next, events: events.description)
    }
}

/// What the script answers that reads a job.
private struct JobReply: ScriptReply {
    let record: [String: String]
    let steps: [String: String]
    let ahead: Int
    let due: String
    let readAt: Int

    init?(_ reply: RESPValue, keys: Keys) {
        guard let parts = reply.array, parts.count == 5, let record = parts[0].map, let steps = parts[1].map,
            let ahead = parts[2].int, let due = parts[3].string, let readAt = parts[4].int
        else { return nil }
        (self.record, self.steps, self.ahead, self.due, self.readAt) = (record, steps, ahead, due, readAt)
    }

    func details(of id: JobID, keys: Keys) throws(Failure) -> JobDetails? {
        guard !record.isEmpty else { return nil }
        let steps = try [Int: StepRecord](lines: steps, key: keys.steps(of: id))
        return JobDetails(
            record: try JobRecord(id, record: record, key: keys.job(id)),
            steps: steps.sorted { $0.key < $1.key }.map(\.value),
            ahead: ahead < 0 ? nil : ahead,
            due: due.isEmpty ? nil : due,
            readAt: readAt
        )
    }
}

/// What the script answers that lists jobs.
private struct JobPageReply: ScriptReply {
    let next: String?
    let records: [(id: JobID, record: [String: String])]

    init?(_ reply: RESPValue, keys: Keys) {
        guard let parts = reply.array, let next = parts.first?.string else { return nil }
        self.next = next.isEmpty ? nil : next
        var records: [(id: JobID, record: [String: String])] = []
        for part in parts.dropFirst() {
            guard let row = part.array, row.count == 2, let id = row[0].string.flatMap({ JobID($0) }),
                let record = row[1].map
            else { return nil }
            records.append((id, record))
        }
        self.records = records
    }
}
