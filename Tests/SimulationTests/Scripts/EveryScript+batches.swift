import Model
import Placement

@testable import Store

extension EveryScript {
    /// A batch that is placed, one that is deferred by a rule, and one that is refused.
    func batches() async throws {
        for ending in ["place", "defer", "refuse"] {
            let vms = Batch.names("b", count: 2).map { name in
                BatchCreate(
                    name: name,
                    type: TypeID(known: 1),
                    image: ImageID(known: 100),
                    constraints: groups,
                    notes: VMNotes(labels: ["a": "b"], description: "c")
                )
            }
            let key = IdempotencyKey(ending, of: "createBatch", by: nil, fingerprint: "f")
            let first = try await store.enqueueBatch(vms, isAtomic: true, request: "r", key: key).job
            let id = BatchID(ofFirst: first)
            guard let jobs = try await store.batch(id)?.record.jobs else {
                throw Failure(.internalFault, "no batch \(id)")
            }
            let snapshot = try await store.poll(since: .start, limit: 1)
            if ending == "defer" { try await store.setRule(for: QueueRuleScope(kind: .create), .deferred, reason: "r") }
            let explanation = PlacementExplanation(policy: "test")
            let claim =
                ending == "refuse"
                ? BatchClaim.refuse(jobs, Failure(.noCapacity, "none"), explanation)
                : BatchClaim.place(jobs.map { ($0, PMID(known: 1), explanation) })
            _ = try await store.claim(id, claim, headroomVersion: snapshot.headroomVersion)
            if ending == "defer" { _ = try await store.dropRule(for: QueueRuleScope(kind: .create)) }
            for job in jobs where ending != "refuse" { try await store.cancel(job) }
        }
    }

    /// Creates that wait for room: one that comes back, and one that does not.
    func roomWaits() async throws {
        var jobs: [JobID] = []
        for _ in 1...2 {
            let job = try await store.enqueueCreate(
                name: "w",
                type: TypeID(known: 1),
                image: ImageID(known: 100),
                roomWait: .seconds(600),
                request: "r"
            ).job
            jobs.append(job)
            let snapshot = try await store.poll(since: .start, limit: 1)
            let refusal = ClaimAction.refuse(Failure(.noCapacity, "none"), PlacementExplanation(policy: "test"))
            _ = try await store.claim(
                snapshot.lines.map { ($0, refusal) },
                headroomVersion: snapshot.headroomVersion,
                worker: "w",
                lease: .seconds(60)
            )
        }
        _ = try await store.setCordon(false, of: PMID(known: 1))
        let version = try await store.poll(since: .start, limit: 1).headroomVersion
        _ = try await store.roomWaiters(asOf: version, limit: 9)
        _ = try await store.offerRoom([(jobs[0], .wake), (jobs[1], .full)], asOf: version)
        for job in jobs { try await store.cancel(job) }
    }
}
