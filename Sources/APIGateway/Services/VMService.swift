import API
import Bootstrap
import Model
import Store

/// The rules of the VM calls.
struct VMService: Sendable {
    let store: Store
    let outcomes: JobOutcomes
    let readiness: Readiness
    let limit: CallerLimit
    /// How long a caller waits for the first probes and for a job's outcome.
    let wait: Duration

    /// Accepts a create and waits for its outcome.
    func create(name: String, type: TypeID, image: ImageID, request: String) async throws(Failure) -> Submission {
        try await submit(waits: true) { @Sendable () async throws(Failure) in
            try await store.enqueueCreate(name: name, type: type, image: image, request: request)
        }
    }

    /// Accepts a create or the build of a hold, and waits for its outcome unless the caller does not want to.
    func submit(_ body: CreateVMRequest, waits: Bool, request: String) async throws(Failure) -> Submission {
        try await submit(waits: waits) { @Sendable () async throws(Failure) in
            if let hold = body.hold {
                return try await store.enqueueBuild(of: hold, name: body.name, image: body.image, request: request)
            }
            guard let type = body.type else { throw Failure(.invalidRequest, "the field instance_type is missing") }
            return try await store.enqueueCreate(
                name: body.name,
                type: type,
                image: body.image,
                constraints: body.placement ?? PlacementConstraints.none,
                request: request
            )
        }
    }

    /// Accepts a hold, and waits until it is placed unless the caller does not want to.
    func submit(_ body: CreateHoldRequest, waits: Bool, request: String) async throws(Failure) -> Submission {
        try await submit(waits: waits) { @Sendable () async throws(Failure) in
            try await store.enqueueHold(
                type: body.type,
                image: body.image,
                constraints: body.placement ?? PlacementConstraints.none,
                seconds: body.seconds,
                request: request
            )
        }
    }

    /// Accepts a destroy, and waits for its outcome unless the caller does not want to.
    func destroy(_ vm: VMID, waits: Bool, request: String) async throws(Failure) -> Submission {
        try await submit(waits: waits) { @Sendable () async throws(Failure) in
            try await store.enqueueDestroy(vm, request: request)
        }
    }

    /// Releases a hold, and waits until its claim is released unless the caller does not want to.
    func release(_ hold: VMID, waits: Bool, request: String) async throws(Failure) -> Submission {
        try await submit(waits: waits) { @Sendable () async throws(Failure) in
            try await store.enqueueRelease(of: hold, request: request)
        }
    }

    /// An accepted job, with its outcome if the caller waited for it.
    struct Submission: Sendable {
        let accepted: Acceptance
        /// Nil if the job goes on.
        let result: Result<Void, Failure>?
    }

    private func submit(
        waits: Bool,
        _ enqueue: @escaping @Sendable () async throws(Failure) -> Acceptance
    ) async throws(Failure) -> Submission {
        guard waits else {
            // A caller who does not want to wait does not wait for the first probes either.
            return Submission(accepted: try await accept(until: .now, enqueue), result: nil)
        }
        try limit.enter()
        defer { limit.leave() }
        let deadline = ContinuousClock.now + wait
        let accepted = try await accept(until: deadline, enqueue)
        do throws(Failure) {
            let isFinal = try await isDone(accepted, until: deadline)
            return Submission(accepted: accepted, result: isFinal ? .success(()) : nil)
        } catch {
            return Submission(accepted: accepted, result: .failure(error))
        }
    }

    private func accept(
        until deadline: ContinuousClock.Instant,
        _ enqueue: @escaping @Sendable () async throws(Failure) -> Acceptance
    ) async throws(Failure) -> Acceptance {
        CrashPoint.accepting.reach()
        let accepted = try await readiness.retrying(until: deadline, enqueue)
        CrashPoint.accepted.reach()
        return accepted
    }

    /// The summary of a VM.
    func summary(of vm: VMID) async throws(Failure) -> VMSummary {
        if let summary = try await store.summary(of: vm) { return summary }
        throw try await whyUnknown(vm)
    }

    /// Why there is no record of a VM: there is no such VM, or Redis was empty and does not know yet.
    func whyUnknown(_ vm: VMID) async throws(Failure) -> Failure {
        try await store.isReady() ? Failure(.unknownVM, "there is no VM \(vm)") : .notReady
    }

    /// The instance types.
    func types() async throws(Failure) -> [InstanceType] {
        try await store.types()
    }

    /// Whether a job is done; false if it goes on after the wait.
    private func isDone(
        _ accepted: Acceptance,
        until deadline: ContinuousClock.Instant
    ) async throws(Failure) -> Bool {
        guard let status = try await outcomes.outcome(of: accepted, until: deadline) else { return false }
        if let failure = status.failure { throw failure }
        guard status.state == .done else {
            throw Failure(.internalFault, "job \(accepted.job) was given up: see the workers' log")
        }
        return true
    }
}

extension CrashPoint {
    /// The request is checked, and not accepted yet.
    fileprivate static let accepting = CrashPoint("gateway.accepting")
    /// The request is accepted, and its caller does not know yet.
    fileprivate static let accepted = CrashPoint("gateway.accepted")
}
