import Model
import Store

extension Audit {
    /// A group counts its VMs: the claim of the first one of an affinity group goes by that.
    var groupFindings: [AuditFinding] {
        var counted: [String: AuditSnapshot.GroupRow] = [:]
        for status in snapshot.vms {
            for (name, rule) in status.vm.constraints.groups {
                let row = counted[name]
                counted[name] = AuditSnapshot.GroupRow(
                    rule: row?.rule ?? rule,
                    members: (row?.members ?? 0) + 1,
                    placed: (row?.placed ?? 0) + (status.pm == nil ? 0 : 1)
                )
            }
        }
        // While a VM gets a second PM, it is counted there, too.
        let moving = snapshot.jobs.values.filter { job in
            job.claimPM != nil && job.state?.isFinal == false
                && job.kind.flatMap { operations[$0] }?.claim.choosesPM == true
        }
        for status in snapshot.vms {
            let more = moving.count { $0.vm == status.vm.id }
            for name in more > 0 ? Array(status.vm.constraints.groups.keys) : [] {
                guard let row = counted[name] else { continue }
                counted[name] = AuditSnapshot.GroupRow(rule: row.rule, members: row.members, placed: row.placed + more)
            }
        }
        return Set(counted.keys).union(snapshot.groups.keys).sorted().compactMap { name in
            let known = snapshot.groups[name] ?? .none
            let right = counted[name] ?? .none
            guard known != right else { return nil }
            let correction = GroupCorrection(
                group: name,
                rule: right.rule,
                members: right.members - known.members,
                placed: right.placed - known.placed
            )
            return AuditFinding(
                invariant: .claims,
                row: keys.group(name),
                problem: "its counts are not those of its VMs",
                details: "\(known.text); by the VMs \(right.text)",
                remedy: .recountGroup(correction),
                // VMs come and go while pages are read: only a difference that stays the same is one.
                figures: [correction.members, correction.placed]
            )
        }
    }
}

extension AuditSnapshot.GroupRow {
    fileprivate static let none = AuditSnapshot.GroupRow(rule: nil, members: 0, placed: 0)

    /// For people.
    fileprivate var text: String {
        "\(rule?.rawValue ?? "no rule"), \(members) VMs, \(placed) of them placed" + (isListed ? "" : ", not listed")
    }
}
