package import Model

/// What a job claims itself, in addition to what its VM has.
package enum JobClaim: Hashable, Sendable {
    /// What the VM needs, on this PM, or on any other than its own where none is given.
    case secondPM(PMID?)
    /// How much more the VM is to need on its PM; negative where it is to need less.
    case growth(Resources)
}

extension Store {
    /// Accepts a job that holds a claim itself while it is under way, on a VM that is there.
    ///
    /// - Parameters:
    ///   - kind: the operation.
    ///   - vm: the VM.
    ///   - claim: what the job is to claim.
    ///   - request: the id of the HTTP request, kept with the job.
    ///   - key: the client's own key for the request.
    /// - Returns: the job.
    /// - Throws: `Failure` with `unknownVM`, `wrongState`, `invalidRequest`, `quotaExceeded`, `queueFull`, `notReady` or `storeUnavailable`.
    package func enqueue(
        _ kind: Job.Kind,
        on vm: VMID,
        claiming claim: JobClaim,
        request: String,
        key: IdempotencyKey? = nil
    ) async throws(Failure) -> Acceptance {
        try await ensureMemory()
        let nonce = JobNonce()
        let amount: ScriptArguments
        switch claim {
        case .secondPM(let pm):
            // Its record says where it may be; of one PM alone only the caller says so.
            var constraints = try await self.vm(vm)?.vm.constraints ?? .none
            constraints.pm = pm
            amount = ["constraints": constraints.recordText, "delta": "", "project": ""]
        case .growth(let delta):
            amount = ["constraints": "", "delta": "\(delta.cpu),\(delta.ram),\(delta.disk)", "project": ""]
        }
        let wanted: ScriptArguments = ["kind": kind.rawValue, "vm": vm.value, "request": request]
        let limit: ScriptArguments = ["queue_limit": queueLimit]
        return try await acceptance(
            kind,
            on: vm,
            nonce,
            runOnce(.enqueueClaiming, wanted + amount + limit + identity(nonce, key))
        )
    }
}
