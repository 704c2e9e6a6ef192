import API
import Model
import Store

/// `/v1/jobs`.
struct JobController: Sendable {
    let service: JobService
    let store: Store
    let estimates: JobEstimates

    @Sendable
    func list(_ call: V1Call<NoBody>) async throws(Failure) -> V1Response<Page<JobResponse>> {
        let request = try call.page()
        var filter = try call.query.jobFilter()
        filter.project = try call.projectFilter()
        let page = try await store.jobs(
            filter,
            before: try request.identifier(),
            limit: request.limit
        )
        return try V1Response(page, of: call) { JobResponse($0) }
    }

    @Sendable
    func read(_ call: V1Call<NoBody>) async throws(Failure) -> Answer<V1Response<JobResponse>> {
        try await answer(about: try await job(of: call), waiting: try call.wait())
    }

    @Sendable
    func cancel(_ call: V1Call<NoBody>) async throws(Failure) -> Answer<V1Response<JobResponse>> {
        try await change(call, waiting: try call.wait()) { (id) async throws(Failure) in try await store.cancel(id) }
    }

    @Sendable
    func retry(_ call: V1Call<NoBody>) async throws(Failure) -> Answer<V1Response<JobResponse>> {
        try await change(call, waiting: try call.wait()) { (id) async throws(Failure) in try await store.retry(id) }
    }

    @Sendable
    func drop(_ call: V1Call<NoBody>) async throws(Failure) -> Answer<V1Response<JobResponse>> {
        try await change(call, waiting: .zero) { (id) async throws(Failure) in try await store.drop(id) }
    }

    /// The job that the path names; what a caller may not see is not there for it.
    private func job(of call: V1Call<NoBody>) async throws(Failure) -> JobID {
        let id: JobID = try call.identifier()
        guard let own = call.ownProject, try await store.project(of: id) != own else { return id }
        throw .unknownJob(id)
    }

    private func change(
        _ call: V1Call<NoBody>,
        waiting time: Duration,
        _ act: (JobID) async throws(Failure) -> Void
    ) async throws(Failure) -> Answer<V1Response<JobResponse>> {
        let id = try await job(of: call)
        try await act(id)
        return try await answer(about: id, waiting: time)
    }

    private func answer(
        about job: JobID,
        waiting time: Duration
    ) async throws(Failure) -> Answer<V1Response<JobResponse>> {
        try await service.job(job, waiting: time)
            .map { (job) async throws(Failure) in try V1Response(try await response(job)) }
    }

    private func response(_ job: JobDetails) async throws(Failure) -> JobResponse {
        var response = JobResponse(job)
        if let estimate = try await estimates.estimate(job) {
            response.etaAt = Timestamp.text(milliseconds: estimate.median)
            response.eta = JobResponse.Band(
                from: Timestamp.text(milliseconds: estimate.band.lowerBound),
                to: Timestamp.text(milliseconds: estimate.band.upperBound)
            )
        }
        return response
    }

    @Sendable
    func explanation(_ call: V1Call<NoBody>) async throws(Failure) -> V1Response<ExplanationResponse> {
        let id = try await job(of: call)
        guard let job = try await store.explanation(of: id) else { throw .unknownJob(id) }
        let steps = try await store.steps(of: id).sorted { $0.key < $1.key }.map(\.value)
        return try V1Response(
            ExplanationResponse(
                jobID: job.job,
                kind: job.kind,
                state: job.state,
                vmID: job.vm,
                pmID: job.pm,
                triedPMIDs: job.tried,
                waitsFor: try await store.whyWaiting(id),
                explanation: job.decision,
                steps: steps,
                left: job.left,
                failure: job.failure
            )
        )
    }
}

extension QueryArguments {
    /// Which jobs are listed.
    fileprivate func jobFilter() throws(Failure) -> JobFilter {
        let kinds = Model.Operation.all.map(\.kind)
        let request = self["request_id"]
        guard request == nil || request.map(RequestLog.identifier) == request else {
            throw Failure(.invalidRequest, "request_id is no X-Request-Id: 1 to 64 letters, digits, '-', '_' or '.'")
        }
        return JobFilter(
            vm: try optionalIdentifier("vm_id"),
            pm: try optionalIdentifier("pm_id"),
            state: try word("state", of: Job.State.allCases),
            kind: try word("kind", of: kinds),
            request: request
        )
    }
}
