import Model
import Store

extension Audit {
    /// What the records report correctly and an operator has to act on.
    var attentionFindings: [AuditFinding] {
        snapshot.vms.filter { !$0.hasJob }.flatMap(attentionFindings) + deadWorkerFindings
    }

    private func attentionFindings(_ status: VMStatus) -> [AuditFinding] {
        let (vm, domain) = (status.vm.id, status.vm.domainName)
        let pm = status.pm?.description ?? "?"
        let why = status.stateReason ?? "no reason given"
        var findings: [AuditFinding] = []
        func find(_ problem: String, _ details: String, _ advice: String) {
            findings.append(
                AuditFinding(
                    invariant: .attention,
                    row: keys.vm(vm),
                    problem: problem,
                    details: details,
                    advice: advice
                )
            )
        }
        switch status.state {
        case .missing:
            find("it is missing", "PM \(pm)", "define its domain \(domain) there again, or destroy the VM")
        case .error:
            find("it is in error", status.error ?? "", "destroy it when the cause is removed")
        case .paused:
            find("it is paused", why, "remove the cause and run on PM \(pm): virsh resume \(domain); or destroy the VM")
        case .crashed:
            find("it has crashed", why, "see its console; run on PM \(pm): virsh start \(domain); or destroy the VM")
        default: break
        }
        if status.isDuplicate, let other = status.observedElsewhere {
            find(
                "it has domains on two PMs",
                "PM \(pm) and PM \(other)",
                "undefine \(domain) on the PM on which it is not to stay"
            )
        }
        return findings
    }

    /// Workers without a recent heartbeat that hold jobs: another one takes these over, where there is one.
    private var deadWorkerFindings: [AuditFinding] {
        var jobs: [String: Int] = [:]
        for case (.worker(let name), _) in snapshot.places where snapshot.silentWorkers.contains(name) {
            jobs[name, default: 0] += 1
        }
        return jobs.sorted { $0.key < $1.key }.map { name, count in
            AuditFinding(
                invariant: .attention,
                row: keys.worker(name),
                problem: "it is dead and holds jobs",
                details: "\(count)",
                advice: "start it, or see that another worker runs, which takes them over"
            )
        }
    }
}
