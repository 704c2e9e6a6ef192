import API
import Model
import Store

/// The rules of the VM calls.
struct VMService: Sendable {
    let store: Store
    let jobs: JobService
    let levels: VMLevels
    let seeds: SeedService
    /// How long a caller of the legacy API waits for the first probes and for a job's outcome.
    let wait: Duration

    /// Accepts a create and waits for its outcome.
    func create(
        name: String,
        type: TypeID,
        image: ImageID,
        project: ProjectName,
        request: String
    ) async throws(Failure) -> Answer<JobService.Submission> {
        let seed = try await seeds.seed(of: name, in: project)
        return try await jobs.submit(.create, waiting: wait) { @Sendable () async throws(Failure) in
            try await store.enqueueCreate(
                name: name,
                type: type,
                image: image,
                project: project,
                seed: seed,
                request: request
            )
        }
    }

    /// Accepts a create or the build of a hold, and waits for its outcome; a hold must be of the project.
    func submit(
        _ body: CreateVMRequest,
        at constraints: PlacementConstraints,
        in project: ProjectName?,
        roomWait: Duration? = nil,
        waiting time: Duration,
        request: String,
        key: IdempotencyKey?
    ) async throws(Failure) -> Answer<JobService.Submission> {
        let seed = try await seeds.seed(body.guest, of: body.name, in: project ?? .default)
        return try await jobs.submit(.create, waiting: time) { @Sendable () async throws(Failure) in
            if let hold = body.hold {
                return try await store.enqueueBuild(
                    of: hold,
                    name: body.name,
                    image: body.image,
                    notes: body.notes,
                    project: project,
                    seed: seed,
                    request: request,
                    key: key
                )
            }
            guard let type = body.type else { throw Failure(.invalidRequest, "the field instance_type is missing") }
            return try await store.enqueueCreate(
                name: body.name,
                type: type,
                image: body.image,
                constraints: constraints,
                notes: body.notes,
                project: project ?? .default,
                seed: seed,
                roomWait: roomWait,
                request: request,
                key: key
            )
        }
    }

    /// Accepts a hold, and waits until it is placed.
    func submit(
        _ body: CreateHoldRequest,
        in project: ProjectName,
        waiting time: Duration,
        request: String,
        key: IdempotencyKey?
    ) async throws(Failure) -> Answer<JobService.Submission> {
        let constraints = try await store.constraints(
            body.placement,
            networks: body.networks,
            reservesAddress: body.address == .reserve
        )
        return try await jobs.submit(.hold, waiting: time) { @Sendable () async throws(Failure) in
            try await store.enqueueHold(
                type: body.type,
                image: body.image,
                constraints: constraints,
                seconds: body.seconds,
                project: project,
                request: request,
                key: key
            )
        }
    }

    /// Accepts a destroy, and waits for its outcome; as long as for a create where no time is given.
    func destroy(
        _ vm: VMID,
        of project: ProjectName?,
        ifVersion versions: [String]? = nil,
        waiting time: Duration? = nil,
        request: String,
        key: IdempotencyKey? = nil
    ) async throws(Failure) -> Answer<JobService.Submission> {
        try await jobs.submit(.destroy, waiting: time ?? wait) { @Sendable () async throws(Failure) in
            try await store.enqueueDestroy(vm, of: project, ifVersion: versions, request: request, key: key)
        }
    }

    /// Releases a hold, and waits until its claim is released.
    func release(
        _ hold: VMID,
        in project: ProjectName?,
        waiting time: Duration,
        request: String,
        key: IdempotencyKey?
    ) async throws(Failure) -> Answer<JobService.Submission> {
        try await jobs.submit(.destroy, waiting: time) { @Sendable () async throws(Failure) in
            try await store.enqueueRelease(of: hold, in: project, request: request, key: key)
        }
    }

    /// A VM after a wait, with what came of that.
    enum AwaitedVM: Sendable {
        case there(VMResponse)
        /// It is no more.
        case gone(VMGone)
    }

    /// Waits until a VM has come so far, or cannot any more, or the wait is over.
    ///
    /// - Throws: `Failure` with `unknownVM` where nothing is known of such a VM.
    func wait(
        for level: VMLevel,
        of vm: VMID,
        until deadline: ContinuousClock.Instant
    ) async throws(Failure) -> Answer<AwaitedVM> {
        let status = try await store.vm(vm)
        let result = level.result(by: status)
        guard result == nil, deadline > .now else { return .ready(try await awaited(vm, status, level, result)) }
        let place = try jobs.limit.enter()
        return .awaited { () async throws(Failure) in
            defer { withExtendedLifetime(place) {} }
            let result = try await levels.wait(for: level, of: vm, until: deadline)
            return try await awaited(vm, try await store.vm(vm), level, result)
        }
    }

    /// A VM after a wait, by its record.
    private func awaited(
        _ vm: VMID,
        _ status: VMStatus?,
        _ level: VMLevel,
        _ result: VMWait.Result?
    ) async throws(Failure) -> AwaitedVM {
        if let status {
            var answer = VMResponse(status)
            let result = result ?? level.result(by: status) ?? .timeout
            (answer.reached, answer.wait) = (result == .reached, level.outcome(result, by: status))
            return .there(answer)
        }
        // A VM without a record was destroyed, or never made: its last job says which.
        guard let job = try await store.jobs(JobFilter(vm: vm), limit: 1).records.first,
            try await store.isReady()
        else { throw try await whyUnknown(vm) }
        let wasNeverMade = job.failure != nil && level.depends(on: job.kind)
        let ended: VMWait.Result = level == .gone ? .reached : wasNeverMade ? .failed : .impossible
        var answer = VMGone(id: vm, jobID: job.id, left: job.left.isEmpty ? nil : job.left)
        answer.reached = ended == .reached
        answer.wait = VMWait(level: level, result: ended, reason: ended == .failed ? job.failure?.message : nil)
        return .gone(answer)
    }

    /// A job that goes on, and what it is about.
    ///
    /// Where neither can be read now, the answer says what is known: the job was accepted all the same.
    func receipt(for submission: JobService.Submission) async -> JobAccepted {
        let accepted = submission.accepted
        async let record = found { () async throws(Failure) in try await store.job(accepted.job) }
        async let status = found { () async throws(Failure) in try await store.vm(accepted.vm) }
        let job = await record.map { JobResponse($0) }
        return JobAccepted(
            job: job ?? JobResponse(id: accepted.job, kind: submission.kind, state: .queued, vmID: accepted.vm),
            vm: await status.map { VMResponse($0) }
        )
    }

    private func found<Value: Sendable>(_ read: @Sendable () async throws(Failure) -> Value?) async -> Value? {
        // The failure of a read that is only for show.
        do throws(Failure) { return try await read() } catch { return nil }
    }

    /// The summary of a VM; of one of another project than the caller's there is none.
    func summary(of vm: VMID, in project: ProjectName?) async throws(Failure) -> VMSummary {
        if let summary = try await store.summary(of: vm), project == nil || summary.project == project {
            return summary
        }
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
}
