extension Job.Kind {
    /// Places a VM, builds it and starts it.
    package static let create: Job.Kind = "create"
}

extension StepAction {
    /// Brings the VM's image to the PM.
    package static let ensureImage: StepAction = "ensure_image"
    /// Makes the VM's disk.
    package static let ensureDisk: StepAction = "ensure_disk"
    /// Makes the disk from which its guest reads who may log in and what is to be set up; nothing where it has none.
    package static let ensureSeed: StepAction = "ensure_seed"
    /// Has the VM's network keep an address for it, where that was asked for.
    package static let reserveAddress: StepAction = "reserve_address"
    /// Defines the VM's domain.
    package static let ensureDefined: StepAction = "ensure_defined"
}

extension Operation {
    /// Places a VM, builds it and starts it.
    ///
    /// A VM may run on one PM only, so another PM is asked only where it is certain that nothing of it is on this one.
    package static let create = Operation(
        kind: .create,
        subject: .vm,
        claim: .place,
        steps: [
            // The image is the PM's, for all VMs that start from it.
            OperationStep("image", .ensureImage),
            OperationStep("disk", .ensureDisk, leaves: .ofVM, undo: .remove),
            OperationStep("seed", .ensureSeed, leaves: .ofVM, undo: .remove),
            OperationStep("domain", .ensureDefined, leaves: .ofVM, undo: .remove),
            OperationStep("address", .reserveAddress, leaves: .ofVM, undo: .remove),
            OperationStep("start", .ensureRunning, leaves: .ofVM, undo: .remove),
        ],
        retry: RetryPolicy(
            // Another worker can go on with it: it is given the time to.
            RetryPolicy.Rule(.reachedElsewhere, limit: 20, .postpone(.backoff(mostRetries: 2))),
            // It waits for its image on the PM that it has, however long that takes: the fetch itself ends or fails.
            RetryPolicy.Rule(.codes([.imageFetching]), .postpone(.fixed(.seconds(5)))),
            RetryPolicy.Rule(.ofPM, isClean: true, .reschedule),
            RetryPolicy.Rule(.any, isClean: true, .fail),
            RetryPolicy.Rule(.ofPM, limit: 4, .postpone(.backoff())),
            RetryPolicy.Rule(.any, .failWithCleanup(.backoff()))
        ),
        states: [
            StateRow(.queued, start: .become(.building), done: .become(.running), failed: .remove),
            // One whose record does not say any more what it was before.
            StateRow(.building, start: .keep, done: .become(.running), failed: .remove),
        ],
        initial: .queued,
        // A hold that is built.
        accepts: [.held: .queued],
        cleanup: .destroy,
        jobField: "create_job"
    )
}
