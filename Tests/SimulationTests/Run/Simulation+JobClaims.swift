import Model
import Store
import TestKit

/// Operations whose jobs hold a claim themselves, for runs in which clients ask for them, too.
enum ExampleOperations {
    static let move = Model.Operation(
        kind: "example_move",
        subject: .vm,
        claim: .secondPM,
        steps: [OperationStep("prepare", .ensureImage), OperationStep("confirm", .ensureImage)],
        retry: RetryPolicy(RetryPolicy.Rule(.ofPM, .reschedule), RetryPolicy.Rule(.any, .fail)),
        states: [StateRow(.running, start: .keep, done: .keep, failed: .keep, dead: .keep)],
        jobField: "move_job"
    )

    static let resize = Model.Operation(
        kind: "example_resize",
        subject: .vm,
        claim: .resize,
        steps: [OperationStep("prepare", .ensureImage), OperationStep("confirm", .ensureImage)],
        retry: RetryPolicy(RetryPolicy.Rule(.ofPM, limit: 2, .postpone(.backoff()))),
        states: [StateRow(.running, start: .keep, done: .keep, failed: .keep, dead: .keep)],
        jobField: "resize_job"
    )

    static let all = OperationRegistry(Operation.all + [move, resize])
}

extension Simulation {
    /// A client asks that a VM moves or is resized; whether it may be is the store's to say.
    func change(_ vm: VMID) {
        let delta = Resources(cpu: random.number(-1...2), ram: 512 * random.number(-1...2), disk: random.number(-1...2))
        let pm = random.chance(40) ? PMID(random.number(1...hosts.count)) : nil
        let isMove = random.chance(50)
        asClient { [self] store in
            let kind = isMove ? ExampleOperations.move.kind : ExampleOperations.resize.kind
            let claim = isMove ? JobClaim.secondPM(pm) : .growth(delta)
            let job = try await store.enqueue(kind, on: vm, claiming: claim, request: "").job
            note("client: job \(job) is a \(kind) of VM \(vm)")
        }
    }

    /// What a PM has of a VM goes along with the VM's record, as if the last step of its job had brought it there.
    func followMoves(since before: [VMID: Snapshot.VMView]) {
        for (vm, view) in snapshot.vms {
            guard let to = view.pm, let from = before[vm]?.pm, from != to else { continue }
            ledger.count(.moved)
            var (source, target) = (hosts[from.value - 1], hosts[to.value - 1])
            source.handOver(vm, to: &target)
            (hosts[from.value - 1], hosts[to.value - 1]) = (source, target)
        }
        for (vm, view) in snapshot.vms where before[vm].map({ $0.needs != view.needs }) ?? false {
            ledger.count(.resized)
        }
    }
}
