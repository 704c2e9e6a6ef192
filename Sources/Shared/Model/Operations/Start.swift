extension Job.Kind {
    /// Starts a VM again that was found switched off.
    package static let start: Job.Kind = "start"
}

extension StepAction {
    /// Starts the VM's domain.
    package static let ensureRunning: StepAction = "ensure_running"
}

extension Operation {
    /// Starts a VM again that was found switched off.
    ///
    /// One whose PM does not answer waits for it; one that libvirt refuses ends, and the VM stays as it was found.
    package static let start = Operation(
        kind: .start,
        subject: .vm,
        claim: .none,
        steps: [OperationStep("start", .ensureRunning)],
        retry: RetryPolicy(
            RetryPolicy.Rule(.codes([.machineUnreachable, .deadline]), .postpone(.backoff()))
        ),
        // In error: the start was accepted before another job of the VM was given up.
        states: VMState.allCases.filter { VMState.observed.contains($0) || $0 == .error }.map {
            StateRow($0, start: .keep, done: .become(.running), failed: .keep)
        },
        jobField: "start_job"
    )
}
