import Bootstrap
import Model
import Store

/// The rules of the VM calls.
struct VMService: Sendable {
    let store: Store
    let outcomes: JobOutcomes
    let readiness: Readiness
    /// How long a caller waits for the fleet to be known, and for a job's outcome.
    let wait: Duration

    /// What became of a job that a caller waited for.
    struct Outcome: Sendable {
        /// The VM it was about.
        let vm: VMID
        /// False where the job goes on after the wait.
        let isFinal: Bool
    }

    /// Accepts a create and waits for its outcome.
    func create(name: String, type: TypeID, image: ImageID, request: String) async throws(Failure) -> Outcome {
        CrashPoint.accepting.reach()
        let deadline = ContinuousClock.now + wait
        let accepted = try await readiness.retrying(until: deadline) { () async throws(Failure) in
            try await store.enqueueCreate(name: name, type: type, image: image, request: request)
        }
        CrashPoint.accepted.reach()
        return try await outcome(of: accepted, until: deadline)
    }

    /// Accepts a destroy and waits for its outcome.
    func destroy(_ vm: VMID, request: String) async throws(Failure) -> Outcome {
        let deadline = ContinuousClock.now + wait
        let accepted = try await readiness.retrying(until: deadline) { () async throws(Failure) in
            try await store.enqueueDestroy(vm, request: request)
        }
        return try await outcome(of: accepted, until: deadline)
    }

    /// What is known of a VM.
    func summary(of vm: VMID) async throws(Failure) -> VMSummary {
        if let summary = try await store.summary(of: vm) { return summary }
        throw try await store.isReady() ? Failure(.unknownVM, "there is no VM \(vm)") : .notReady
    }

    /// The types that may be asked for.
    func types() async throws(Failure) -> [InstanceType] {
        try await store.types()
    }

    private func outcome(
        of accepted: Acceptance,
        until deadline: ContinuousClock.Instant
    ) async throws(Failure) -> Outcome {
        guard let status = await outcomes.outcome(of: accepted.job, until: deadline) else {
            return Outcome(vm: accepted.vm, isFinal: false)
        }
        if let failure = status.failure { throw failure }
        guard status.state == .done else {
            throw Failure(.internalFault, "job \(accepted.job) was given up: look at the workers' log")
        }
        return Outcome(vm: accepted.vm, isFinal: true)
    }
}

extension CrashPoint {
    /// The request is checked, and not accepted yet.
    fileprivate static let accepting = CrashPoint("gateway.accepting")
    /// The request is accepted, and nobody was told.
    fileprivate static let accepted = CrashPoint("gateway.accepted")
}
