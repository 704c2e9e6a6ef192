package import Model
import RedisClient

extension Store {
    /// What was asked for, by the jobs whose records are kept, in the order in which they were accepted (SCAN, HMGET).
    ///
    /// - Returns: a line a job, as it stood on the queue, and `Trace.gone` where a VM's end was not asked for.
    /// - Throws: `Failure`.
    package func trace() async throws(Failure) -> [String] {
        let records = try await jobs(with: "entry", "kind", "vm", "state", "accepted_at", "finished_at", "hold_s")
        // SCAN may give a key twice.
        let jobs = Dictionary(records.map { ($0.job, $0.values) }) { first, _ in first }
        let time = try await send(["TIME"])
        guard let now = time.milliseconds else { throw unexpected(time, from: "TIME") }
        return Trace.lines(of: jobs.compactMap { Trace.Job(id: $0, values: $1) }, now: now)
    }
}

/// What was asked for, as lines of text; pure.
package enum Trace {
    /// A job, as far as a trace needs it.
    struct Job {
        let id: JobID
        let entry: String
        let kind: Model.Job.Kind
        let vm: VMID
        let state: Model.Job.State
        let accepted: Int
        let ended: Int?
        let holdSeconds: Int

        /// Reads the fields of a record; nil where it is none of ours.
        init?(id: JobID, values: [String?]) {
            guard values.count == 7, let entry = values[0], let kind = values[1].flatMap(Model.Job.Kind.init),
                let vm = values[2].flatMap({ VMID($0) }), let state = values[3].flatMap(Model.Job.State.init),
                let accepted = values[4].flatMap(RecordTime.milliseconds)
            else { return nil }
            (self.id, self.entry, self.kind, self.vm, self.state, self.accepted) = (
                id, entry, kind, vm, state, accepted
            )
            ended = values[5].flatMap(RecordTime.milliseconds)
            holdSeconds = values[6].flatMap { Int($0) } ?? 0
        }
    }

    /// The line of a VM whose claim ended without a destroy: its create failed, or its hold was over.
    ///
    /// One that was refused has an end, too: a replay may place it, and would keep it for ever.
    ///
    /// - Parameter vm: the VM.
    /// - Returns: the line.
    package static func gone(_ vm: VMID) -> String { "{\"kind\":\"gone\",\"vm\":\(vm)}" }

    /// The lines of some jobs.
    ///
    /// - Parameters:
    ///   - jobs: the jobs, in any order.
    ///   - now: as of when, in ms since 1970.
    /// - Returns: the jobs' lines by number, and those of VMs that went between them.
    static func lines(of jobs: [Job], now: Int) -> [String] {
        let jobs = jobs.sorted { $0.id < $1.id }
        var last: [VMID: JobID] = [:]
        for job in jobs { last[job.vm] = job.id }
        var ends = jobs.compactMap { job in
            end(of: job, isLast: last[job.vm] == job.id, now: now).map { (time: $0, vm: job.vm) }
        }.sorted { ($0.time, $0.vm) < ($1.time, $1.vm) }[...]
        var lines: [String] = []
        for job in jobs {
            while let end = ends.first, end.time <= job.accepted {
                lines.append(gone(end.vm))
                ends.removeFirst()
            }
            lines.append(job.entry)
        }
        return lines + ends.map { gone($0.vm) }
    }

    /// When a job's VM releases its claim without a destroy; nil where it does not.
    private static func end(of job: Job, isLast: Bool, now: Int) -> Int? {
        guard let ended = job.ended else { return nil }
        guard let operation = OperationRegistry.shipped[job.kind], operation.claim.takesCapacity else { return nil }
        guard operation.expiryField != nil else { return job.state == .failed ? ended : nil }
        // One that was built or given back has a later job.
        let end = ended + job.holdSeconds * 1000
        return isLast && end <= now ? end : nil
    }
}
