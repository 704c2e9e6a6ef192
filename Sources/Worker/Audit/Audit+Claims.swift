import Model
import Store

extension Audit {
    /// What is claimed on PMs is what VMs need, and not more than may be promised.
    var claimFindings: [AuditFinding] {
        let placeless = snapshot.vms.filter { $0.pm.map { !snapshot.knownPMs.contains($0) } ?? false }.map { status in
            AuditFinding(
                invariant: .owners,
                row: keys.vm(status.vm.id),
                problem: "it is on a PM that is not known",
                details: "PM \(status.pm?.description ?? "")"
            )
        }
        return placeless + snapshot.machines.flatMap(claimFindings)
    }

    private func claimFindings(_ row: AuditSnapshot.MachineRow) -> [AuditFinding] {
        sumFindings(row) + consumerFindings(row) + groupFindings(row) + promiseFindings(row)
    }

    private func finding(
        _ invariant: AuditFinding.Invariant,
        of row: AuditSnapshot.MachineRow,
        _ problem: String,
        _ details: String = "",
        isRepaired: Bool = true
    ) -> AuditFinding {
        let pm = row.machine.id
        return AuditFinding(
            invariant: invariant,
            row: keys.pm(pm),
            problem: problem,
            details: details,
            remedy: isRepaired ? .recount(pm) : nil
        )
    }

    /// The sums in a PM's record are those of its claims.
    private func sumFindings(_ row: AuditSnapshot.MachineRow) -> [AuditFinding] {
        let (machine, count) = (row.machine, row.claims.keys.count { $0.vm != nil })
        let sum = row.claims.values.reduce(into: Resources.zero, +=)
        guard machine.claimed != sum || machine.vmCount != count else { return [] }
        let details = "\(machine.vmCount) VMs with \(machine.claimed.text); by the claims \(count) with \(sum.text)"
        return [finding(.claims, of: row, "its sums are not those of its claims", details)]
    }

    /// Each claim is that of a VM there, or of a job that has not ended, and each VM there has one.
    private func consumerFindings(_ row: AuditSnapshot.MachineRow) -> [AuditFinding] {
        let holders = vmsByMachine[row.machine.id] ?? []
        let needs = Dictionary(holders.map { ($0.vm.id, $0.vm.needs) }) { first, _ in first }
        var findings = row.claims.sorted { $0.key.text < $1.key.text }.compactMap { consumer, amount in
            switch consumer {
            // Its claim stays until its record is repaired.
            case .vm(let vm) where snapshot.brokenVMs.contains(vm): nil as AuditFinding?
            case .vm(let vm):
                switch needs[vm] {
                case nil: finding(.owners, of: row, "VM \(vm) has a claim and is not there")
                case amount?: nil
                case let needed?:
                    finding(
                        .claims,
                        of: row,
                        "VM \(vm) has another claim than it needs",
                        "\(amount.text); \(needed.text)"
                    )
                }
            case .job(let job):
                snapshot.jobs[job]?.state?.isFinal == false && snapshot.jobs[job]?.claimPM == row.machine.id
                    ? nil : finding(.owners, of: row, "job \(job) has a claim and is not under way there")
            }
        }
        for job in snapshot.jobs.values.sorted(by: { $0.id < $1.id })
        where job.claimPM == row.machine.id && row.claims[.job(job.id)] == nil && job.state?.isFinal == false {
            findings.append(finding(.claims, of: row, "job \(job.id) claims capacity there and has no claim"))
        }
        for vm in needs.keys.sorted() where row.claims[.vm(vm)] == nil {
            findings.append(finding(.claims, of: row, "VM \(vm) is there and has no claim"))
        }
        return findings
    }

    private func groupFindings(_ row: AuditSnapshot.MachineRow) -> [AuditFinding] {
        guard let groups = row.groups, row.machine.groups != groups else { return [] }
        return [
            finding(
                .claims,
                of: row,
                "its groups are not those of its VMs",
                "\(row.machine.groups); by the VMs \(groups)"
            )
        ]
    }

    private func promiseFindings(_ row: AuditSnapshot.MachineRow) -> [AuditFinding] {
        guard let measure = row.machine.measure else { return [] }
        let limit = row.machine.listing.overcommit.applied(to: measure.capacity)
        guard !row.machine.claimed.fits(in: limit) else { return [] }
        let details = "\(row.machine.claimed.text) of \(limit.text)"
        return [finding(.claims, of: row, "more is claimed than may be promised", details, isRepaired: false)]
    }
}

extension Resources {
    /// For people.
    fileprivate var text: String { "\(cpu) CPUs, \(ram) MiB, \(disk) GiB" }
}
