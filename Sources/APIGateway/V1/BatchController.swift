import API
import HTTPTypes
import Hummingbird
import Model
import Store

/// `/v1/batches`.
struct BatchController: Sendable {
    let service: BatchService
    let store: Store
    let seeds: SeedService
    let roomWait: RoomWait

    /// 202 with the batch while jobs of it go on; 201 once all have ended, or a problem document where all have failed.
    @Sendable
    func create(_ call: V1Call<CreateBatchRequest>) async throws(Failure) -> Answer<V1Response<BatchResponse>> {
        let body = call.body
        let project = try call.project(named: body.project)
        var creates: [BatchCreate] = []
        for (index, vm) in body.vms.enumerated() {
            do throws(Failure) { creates += try await vm.creates(in: project, seeds, store) } catch {
                throw error.pointed(JSONPointer.text(["vms", "\(index)"]))
            }
        }
        return try await V1Response.answer(
            toBatch: call,
            by: service,
            creates,
            isAtomic: body.atomic ?? false,
            in: project,
            roomWait: roomWait.duration(body.whenFull, body.waitSeconds, until: body.deadlineAt)
        )
    }

    @Sendable
    func list(_ call: V1Call<NoBody>) async throws(Failure) -> V1Response<Page<BatchSummary>> {
        let request = try call.page()
        let page = try await store.batches(
            of: try call.projectFilter(),
            after: try request.identifier(),
            limit: request.limit
        )
        return try V1Response(page, of: call) { BatchSummary($0) }
    }

    @Sendable
    func read(_ call: V1Call<NoBody>) async throws(Failure) -> Answer<V1Response<BatchResponse>> {
        try await service.batch(try await batch(of: call), waiting: try call.wait())
            .map { (batch) throws(Failure) in try V1Response(BatchResponse(batch)) }
    }

    @Sendable
    func cancel(_ call: V1Call<NoBody>) async throws(Failure) -> Answer<V1Response<BatchResponse>> {
        try await service.cancel(try await batch(of: call), waiting: try call.wait())
            .map { (batch) throws(Failure) in try V1Response(BatchResponse(batch)) }
    }

    /// The batch that the path names; what a caller may not see is not there for it.
    private func batch(of call: V1Call<NoBody>) async throws(Failure) -> BatchID {
        let id: BatchID = try call.identifier()
        guard let own = call.ownProject else { return id }
        guard try await store.batch(id)?.record.project == own else { throw .unknownBatch(id) }
        return id
    }
}

extension V1Response {
    /// An answer to a request for several VMs.
    ///
    /// - Throws: `Failure` where it was not accepted.
    static func answer(
        toBatch call: V1Call<some APIRequest>,
        by service: BatchService,
        _ creates: [BatchCreate],
        isAtomic: Bool,
        in project: ProjectName,
        roomWait: Duration?
    ) async throws(Failure) -> Answer<V1Response> {
        let answer = try await service.submit(
            creates,
            isAtomic: isAtomic,
            in: project,
            roomWait: roomWait,
            waiting: try call.wait(),
            request: call.requestID,
            key: try call.idempotencyKey()
        )
        let request = call.requestID
        return try await answer.map { (submission) throws(Failure) in try V1Response(submission, request: request) }
    }

    private init(_ submission: BatchService.Submission, request: String) throws(Failure) {
        let details = submission.details
        if let failure = details.failure {
            let problem = Problem(failure, job: details.record.jobs.first, request: request)
            self.init(response: problem.response(for: failure))
        } else {
            let isOpen = !details.openJobs.isEmpty
            let location = "/v1/batches/\(details.record.id)"
            try self.init(json: BatchResponse(details), isOpen ? .accepted : .created, location: location)
        }
        if let job = details.record.jobs.first { response.headers[.job] = job.description }
        if submission.isReplay { response.headers[.idempotencyReplayed] = "true" }
    }
}

extension CreateBatchRequest.Create {
    /// The VMs that it asks for.
    fileprivate func creates(
        in project: ProjectName,
        _ seeds: SeedService,
        _ store: Store
    ) async throws(Failure) -> [BatchCreate] {
        let constraints = try await store.constraints(
            placement,
            networks: networks,
            reservesAddress: address == .reserve
        )
        let names = Batch.names(name, count: count ?? 1)
        let seeds = try await seeds.seeds(guest, of: names, in: project)
        return zip(names, seeds).map { name, seed in
            BatchCreate(
                name: name,
                type: type,
                image: image,
                constraints: constraints,
                notes: notes,
                seed: seed
            )
        }
    }
}

extension BatchSummary {
    fileprivate init(_ batch: BatchRecord) {
        self.init(
            id: batch.id,
            project: batch.project,
            atomic: batch.isAtomic,
            count: batch.jobs.count,
            createdAt: batch.createdAt,
            requestID: batch.request
        )
    }
}

extension BatchResponse {
    init(_ batch: BatchDetails) {
        let states = batch.members.map(\.state)
        // A record that is gone was that of a job that ended long ago.
        let isDone = states.map { $0 == .done || $0 == nil }
        let state: State =
            if !batch.openJobs.isEmpty {
                .open
            } else if isDone.allSatisfy(\.self) {
                .done
            } else {
                isDone.contains(true) ? .partial : .failed
            }
        self.init(BatchSummary(batch.record), state: state, vms: batch.members.map(Member.init))
    }
}

extension BatchResponse.Member {
    fileprivate init(_ member: BatchMember) {
        self.init(
            vmID: member.vm,
            vmState: member.vmState?.rawValue,
            pmID: member.pm,
            jobID: member.job,
            jobState: member.state?.rawValue,
            error: member.failure.map(JobError.init)
        )
    }
}
