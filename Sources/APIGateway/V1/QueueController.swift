import API
import Model
import Store

/// `/v1/queue`.
struct QueueController: Sendable {
    let store: Store
    let counts: JobCounts

    /// How many jobs under way are shown.
    private static let mostJobs = 200

    @Sendable
    func read(_ call: V1Call<NoBody>) async throws(Failure) -> V1Response<QueueResponse> { try await response() }

    @Sendable
    func pause(_ call: V1Call<PauseRequest>) async throws(Failure) -> V1Response<QueueResponse> {
        try await store.pauseQueue(reason: call.body.reason)
        return try await response()
    }

    @Sendable
    func resume(_ call: V1Call<NoBody>) async throws(Failure) -> V1Response<QueueResponse> {
        try await store.resumeQueue()
        return try await response()
    }

    @Sendable
    func setRule(_ call: V1Call<QueueRuleRequest>) async throws(Failure) -> V1Response<QueueResponse> {
        let body = call.body
        let scope = try QueueRuleScope(kind: body.kind, project: body.project, label: body.label)
        try await store.setRule(for: scope, body.action, reason: body.reason)
        return try await response()
    }

    @Sendable
    func dropRule(_ call: V1Call<NoBody>) async throws(Failure) -> V1Response<QueueResponse> {
        let scope = try QueueRuleScope(
            kind: call.query["kind"],
            project: try call.projectFilter(),
            label: call.query["label"]
        )
        guard try await store.dropRule(for: scope) else {
            throw Failure(.unknownRule, "there is no rule for jobs of '\(scope.words)': GET /v1/queue lists them")
        }
        return try await response()
    }

    private func response() async throws(Failure) -> V1Response<QueueResponse> {
        let status = try await store.queueStatus()
        let (pause, rules) = try await store.queueRules()
        let jobs = try await store.runningJobs(atMost: Self.mostJobs)
        return try V1Response(
            QueueResponse(
                paused: pause.map { QueueResponse.Pause(reason: $0.reason, at: $0.at) },
                capacity: QueueResponse.Waiting(status.capacity),
                direct: QueueResponse.Waiting(status.direct),
                waitingForRoom: QueueResponse.Waiting(status.room),
                running: status.running,
                deferred: status.deferred,
                dead: status.dead,
                rates: QueueResponse.Rates(counts.lastMinute()),
                jobs: jobs.map(QueueResponse.RunningJob.init),
                rules: rules.map { QueueResponse.Rule($0.rule, deferred: $0.deferred) }
            )
        )
    }
}

extension QueueResponse.Waiting {
    fileprivate init(_ waiting: QueueStatus.Waiting) {
        self.init(
            depth: waiting.depth,
            nextJobID: waiting.next,
            oldestAgeSeconds: waiting.age.map { $0 / .seconds(1) }
        )
    }
}

extension QueueResponse.Rates {
    fileprivate init(_ reading: MinuteRates.Reading) {
        self.init(
            windowSeconds: (reading.window / .seconds(1) * 10).rounded() / 10,
            accepted: reading.accepted,
            finished: reading.finished
        )
    }
}

extension QueueResponse.RunningJob {
    fileprivate init(_ job: RunningJob) {
        self.init(
            jobID: job.job,
            kind: job.kind.rawValue,
            vmID: job.vm,
            pmID: job.pm,
            worker: job.worker,
            step: job.step,
            startedAt: job.startedAt
        )
    }
}
