import Model
import RedisClient
import Store
import TestKit
import Testing

@testable import Worker

/// An operation of each kind whose job holds a claim itself, as one would be added.
enum ClaimingExample {
    static let move = Model.Operation(
        kind: "example_move",
        subject: .vm,
        claim: .secondPM,
        steps: [
            OperationStep("receive", "receive", leaves: .ofVM, undo: "discard"),
            OperationStep("hand_over", "hand_over", leaves: .ofVM, undo: "discard"),
        ],
        retry: RetryPolicy(
            RetryPolicy.Rule(.ofPM, isClean: true, .reschedule),
            RetryPolicy.Rule(.any, isClean: true, .fail),
            // What is on the second PM is taken away before the claim there is released.
            RetryPolicy.Rule(.any, .postpone(.backoff()))
        ),
        states: [StateRow(.running, start: .keep, done: .keep, failed: .keep, dead: .keep)],
        jobField: "move_job"
    )

    static let resize = Model.Operation(
        kind: "example_resize",
        subject: .vm,
        claim: .resize,
        steps: [OperationStep("adjust", "adjust"), OperationStep("confirm", "confirm")],
        retry: RetryPolicy(RetryPolicy.Rule(.codes([.machineUnreachable]), limit: 1, .postpone(.backoff()))),
        states: [StateRow(.running, start: .keep, done: .keep, failed: .keep, dead: .keep)],
        jobField: "resize_job"
    )

    static let operations = OperationRegistry(Operation.all + [move, resize])

    static let actions: [StepAction: StepActions.Call] = [
        "receive": nothing, "hand_over": nothing, "discard": nothing, "adjust": nothing, "confirm": nothing,
    ]

    @Sendable
    private static func nothing(_ context: StepContext) async throws(Failure) -> StepResult { .done }
}

let oneVM = "1,512,1"
let onePM = Resources(cpu: 4, ram: 4096, disk: 10)
let unreachable = Failure(.machineUnreachable, "away")

/// A suite on the claims of jobs, with VMs of one CPU on PMs of four.
protocol JobClaimSuite {}

extension JobClaimSuite {
    func withVMs(
        _ count: Int = 1,
        pms: Int = 2,
        _ body: (OperationSite) async throws -> Void
    ) async throws {
        let capacities = [Resources](repeating: onePM, count: pms)
        try await OperationSite.with(ClaimingExample.operations, ClaimingExample.actions, pms: capacities) {
            (site) async throws in
            for _ in 0..<count { try await create(site) }
            try await body(site)
        }
    }

    func create(_ site: OperationSite, constraints: PlacementConstraints = .none) async throws {
        let accepted = try await site.store.enqueueCreate(
            name: "a",
            type: id(1),
            image: id(100),
            constraints: constraints,
            request: "r"
        )
        try await site.runNext()
        #expect(try await site.store.vm(accepted.vm)?.state == .running)
    }

    func resize(_ site: OperationSite, by delta: Resources) async throws -> JobID {
        try await site.store.enqueue("example_resize", on: id(1), claiming: .growth(delta), request: "r").job
    }

    /// Has a worker claim the next job, begin and end some steps, and die.
    func die(_ site: OperationSite, _ operation: Model.Operation, after count: Int) async throws {
        let job = try #require(try await site.claim(try await site.plan()).first)
        var log = StepLog([:], on: try #require(job.machine), epoch: job.lease.epoch)
        var pending: [StepWrite] = []
        for number in 0..<count {
            let step = operation.steps[number / 2]
            if number.isMultiple(of: 2) {
                pending.append(log.begin(step))
                let begin = StepBegin(step.name, isProgress: true, writing: pending)
                guard case .go(let time) = try await site.store.beginStep(begin, of: job.lease, for: .seconds(60))
                else {
                    Issue.record("no permit")
                    return
                }
                log.take(pending, at: time)
                pending = []
            } else if let write = log.end(step, detail: nil) {
                pending.append(write)
                log.take([write], at: "then")
            }
        }
        try await site.loseLease(of: job.lease.job)
        #expect(try await !site.store.finish(job.lease, by: "w", JobEnding()), "it is nobody's")
    }

    func expectEnd(
        _ site: OperationSite,
        _ job: JobID,
        _ state: Job.State,
        on pm: Int,
        needs: String = oneVM,
        _ place: SourceLocation = #_sourceLocation
    ) async throws {
        #expect(try await site.store.status(of: job)?.state == state, sourceLocation: place)
        let status = try #require(try await site.store.vm(id(1)))
        #expect(try status.state == .running && status.pm == id(pm), sourceLocation: place)
        #expect(try await site.claims(on: pm)["vm:1"] == needs, sourceLocation: place)
        #expect(
            try await site.store.redis.send(["HEXISTS", "hvc:job:\(job)", "claim_pm"]).int == 0,
            sourceLocation: place
        )
        for other in 1...3 {
            let claims = try await site.claims(on: other)
            #expect(claims["job:\(job)"] == nil && (other == pm || claims["vm:1"] == nil), sourceLocation: place)
        }
        try await site.expectWholeClaims("job \(job)", place)
    }
}

func id<Entity>(_ number: Int) throws -> Identifier<Entity> { try #require(Identifier<Entity>(number)) }
