extension Job.Kind {
    /// Takes a VM down and frees what it held.
    package static let destroy: Job.Kind = "destroy"
}

extension StepAction {
    /// Ends and undefines the VM's domain, and deletes its disk.
    package static let remove: StepAction = "remove"
}

extension Operation {
    /// Takes a VM down and releases its claim; a VM in any state can be destroyed.
    ///
    /// One whose PM does not answer is tried for as long as it takes; one that libvirt refuses ends at last, and the VM has
    /// the state that it had.
    package static let destroy = Operation(
        kind: .destroy,
        subject: .vm,
        claim: .release,
        steps: [OperationStep("remove", .remove)],
        retry: RetryPolicy(
            RetryPolicy.Rule(.codes([.machineUnreachable, .deadline]), .postpone(.backoff())),
            RetryPolicy.Rule(.codes([.hypervisor]), limit: 5, .postpone(.backoff()))
        ),
        states: VMState.allCases.map { state in
            switch state {
            // Nothing was built.
            case .held: StateRow(.held, start: .remove, done: .remove, failed: .keep)
            // One whose record does not say any more what it was before: the next probe finds out.
            case .destroying: StateRow(.destroying, start: .keep, done: .remove, failed: .become(.running))
            default: StateRow(state, start: .become(.destroying), done: .remove, failed: .keep)
            }
        },
        jobField: "destroy_job"
    )
}
