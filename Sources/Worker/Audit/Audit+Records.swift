import Model
import Store

extension Audit {
    /// Each record can be read, and each VM and job that has one is in the index of its kind.
    var recordFindings: [AuditFinding] {
        let broken = snapshot.unreadable.sorted().map { problem in
            let key = problem.prefix { $0 != " " }
            let what = problem.dropFirst(key.count).drop { $0 == " " }
            return AuditFinding(
                invariant: .broken,
                row: key.hasSuffix(":") ? String(key.dropLast()) : String(key),
                problem: String(what)
            )
        }
        let unlisted = snapshot.unlisted.sorted().map { vm in
            AuditFinding(
                invariant: .owners,
                row: keys.vms,
                problem: "VM \(vm) has a record and is not listed",
                remedy: .list(vm)
            )
        }
        let jobs = snapshot.unlistedJobs.sorted()
        let unlistedJobs = AuditFinding(
            invariant: .owners,
            row: keys.jobs,
            problem: "jobs have a record and are not listed",
            details: jobs.prefix(10).map(\.description).joined(separator: ", ") + (jobs.count > 10 ? ", …" : ""),
            remedy: .listJobs(jobs)
        )
        return broken + unlisted + (jobs.isEmpty ? [] : [unlistedJobs])
    }
}
