import Model
import Store

extension Audit {
    /// A hold ends when its time is over: it stands among those that do, and nothing else stands there.
    var holdFindings: [AuditFinding] {
        let held = Set(snapshot.vms.filter { $0.state == .held }.map(\.vm.id))
        func finding(_ vm: VMID, _ problem: String) -> AuditFinding {
            AuditFinding(invariant: .owners, row: keys.holds, problem: "VM \(vm) \(problem)", remedy: .retime(vm))
        }
        return held.subtracting(snapshot.holds).sorted().map { finding($0, "is held, and nothing ends it") }
            + snapshot.holds.subtracting(held).sorted().map { finding($0, "is no hold, and is to end as one") }
    }
}
