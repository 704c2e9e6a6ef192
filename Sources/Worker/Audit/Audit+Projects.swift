import Model
import Store

extension Audit {
    /// A project counts its VMs with what they need, and what resizes under way are to add: quotas go by that.
    var projectFindings: [AuditFinding] {
        var counted: [ProjectName: ProjectUsage] = [:]
        for status in snapshot.vms {
            counted[status.vm.project, default: .zero].vms += 1
            counted[status.vm.project, default: .zero].needs += status.vm.needs
        }
        for job in snapshot.jobs.values where job.state?.isFinal == false {
            counted[job.project, default: .zero].needs += job.reserved
        }
        return Set(counted.keys).union(snapshot.projects.keys).sorted().compactMap { project in
            let (known, right) = (snapshot.projects[project] ?? .zero, counted[project] ?? .zero)
            let isUnlisted = snapshot.unlistedProjects.contains(project)
            guard known != right || isUnlisted else { return nil }
            let correction = ProjectCorrection(project: project, from: known, to: right)
            return AuditFinding(
                invariant: .claims,
                row: keys.project(project),
                problem: isUnlisted
                    ? "it is not listed, or its counts are wrong" : "its counts are not those of its VMs",
                details: "\(known.text); by the VMs \(right.text)",
                remedy: .recountProject(correction),
                // VMs come and go while pages are read: only a difference that stays the same is one.
                figures: [correction.vms, correction.needs.cpu, correction.needs.ram, correction.needs.disk]
            )
        }
    }
}

extension ProjectUsage {
    /// For people.
    fileprivate var text: String { "\(vms) VMs with \(needs.cpu) CPUs, \(needs.ram) MiB, \(needs.disk) GiB" }
}
