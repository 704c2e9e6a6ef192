import Model
import Store

extension Audit {
    /// Each job that has not ended stands in one place, and that is the one that its state says.
    var placeFindings: [AuditFinding] {
        var places: [JobID: [AuditSnapshot.Place]] = [:]
        for (place, job) in snapshot.places {
            if let job { places[job, default: []].append(place) }
        }
        var findings = snapshot.jobs.values.sorted { $0.id < $1.id }.compactMap { job in
            finding(of: job, at: places[job.id] ?? [])
        }
        for job in snapshot.leases.sorted() where snapshot.jobs[job]?.state != .running {
            findings.append(
                AuditFinding(invariant: .jobs, row: keys.leases, problem: "job \(job) has a lease and is not running")
            )
        }
        return findings
    }

    private func finding(of job: AuditSnapshot.JobRow, at places: [AuditSnapshot.Place]) -> AuditFinding? {
        let found = places.map(text).joined(separator: ", ")
        func finding(_ problem: String, _ remedy: AuditFinding.Remedy? = nil) -> AuditFinding {
            AuditFinding(invariant: .jobs, row: keys.job(job.id), problem: problem, details: found, remedy: remedy)
        }
        guard let state = job.state, !state.isFinal else {
            return places.isEmpty
                ? nil : finding("it has \(job.state == nil ? "no record" : "ended") and stands somewhere")
        }
        guard let place = places.first else {
            return finding("it is \(state.rawValue) and stands nowhere", .requeue(job.id))
        }
        guard places.count == 1 else { return finding("it stands in more than one place") }
        let isRight =
            switch (state, place) {
            case (.queued, .queue), (.queued, .returned), (.queued, .direct), (.delayed, .delayed): true
            case (.waiting, .behind(let vm)): job.vm == vm
            case (.running, .worker): snapshot.leases.contains(job.id)
            default: false
            }
        return isRight ? nil : finding("it is \(state.rawValue) and does not stand there")
    }

    private func text(_ place: AuditSnapshot.Place) -> String {
        switch place {
        case .queue: keys.queue
        case .returned: keys.returned
        case .direct: keys.direct
        case .worker(let name): keys.processing(name)
        case .behind(let vm): keys.waiting(vm)
        case .delayed: keys.delayed
        }
    }

    /// The jobs of a VM run one after another, in their order, and one that is to come comes.
    var orderFindings: [AuditFinding] {
        var open: [VMID: [AuditSnapshot.JobRow]] = [:]
        for job in snapshot.jobs.values where job.state?.isFinal == false {
            if let vm = job.vm { open[vm, default: []].append(job) }
        }
        var behind: [VMID: [JobID]] = [:]
        for case (.behind(let vm), let job?) in snapshot.places { behind[vm, default: []].append(job) }
        return snapshot.vms.flatMap { finding(of: $0, open: open[$0.vm.id] ?? [], behind: behind[$0.vm.id] ?? []) }
    }

    private func finding(of status: VMStatus, open: [AuditSnapshot.JobRow], behind: [JobID]) -> [AuditFinding] {
        let vm = status.vm.id
        var findings: [AuditFinding] = []
        func find(_ invariant: AuditFinding.Invariant, _ problem: String, _ remedy: AuditFinding.Remedy? = nil) {
            findings.append(AuditFinding(invariant: invariant, row: keys.vm(vm), problem: problem, remedy: remedy))
        }
        if open.count(where: { $0.state == .running }) > 1 { find(.order, "more than one job of it runs") }
        if behind != behind.sorted() {
            find(.order, "jobs wait behind its job in another order than they were accepted")
        }
        if let job = snapshot.underWay[vm] {
            if !open.contains(where: { $0.id == job }) {
                find(.order, "job \(job), which is under way by its record, has ended or is not known", .free(vm))
            }
        } else {
            let isToBegin = status.state == .queued && open.contains { [.queued, .delayed].contains($0.state) }
            if !behind.isEmpty, !isToBegin { find(.order, "jobs wait behind one that is not there", .free(vm)) }
            if [.queued, .building, .destroying].contains(status.state), open.isEmpty {
                find(.jobs, "it is \(status.state.rawValue) and has no job", .free(vm))
            }
        }
        return findings
    }
}
