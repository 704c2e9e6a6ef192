extension Job.Kind {
    /// Places a VM and holds its claim without building it.
    package static let hold: Job.Kind = "hold"
}

extension Operation {
    /// Places a VM and holds its claim for a time without building it: the claim is all there is to do.
    package static let hold = Operation(
        kind: .hold,
        subject: .vm,
        claim: .place,
        steps: [],
        retry: RetryPolicy(),
        states: [StateRow(.queued, start: .keep, done: .become(.held), failed: .remove)],
        initial: .queued,
        jobField: "create_job",
        expiryField: "hold_s"
    )
}
