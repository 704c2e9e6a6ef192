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
        return Set(counted.keys).union(snapshot.groups.keys).sorted().compactMap { name in
            let (known, right) = (snapshot.groups[name], counted[name])
            guard known != right else { return nil }
            return AuditFinding(
                invariant: .claims,
                row: keys.group(name),
                problem: "its counts are not those of its VMs",
                details: "\(known?.text ?? "none"); by the VMs \(right?.text ?? "none")",
                remedy: .recountGroup(name)
            )
        }
    }
}

extension AuditSnapshot.GroupRow {
    /// For people.
    fileprivate var text: String { "\(rule?.rawValue ?? "no rule"), \(members) VMs, \(placed) of them placed" }
}
