import Model
import RedisClient
import Store
import TestKit
import Testing

@Suite("Jobs that people cancel, retry and drop")
struct JobChangeTests {
    private func withPM(_ body: (StoreFixture) async throws -> Void) async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.up(1, Resources(cpu: 4, ram: 4096, disk: 10))
            try await body(fixture)
        }
    }

    private func code(_ body: () async throws -> Void) async throws -> FailureCode? {
        do { try await body() } catch let failure as Failure { return failure.code }
        return nil
    }

    private func state(_ job: Int, _ fixture: StoreFixture) async throws -> Job.State? {
        try await fixture.store.status(of: job.identifier())?.state
    }

    /// All that is claimed, waits or is to come.
    private func expectNothing(_ fixture: StoreFixture) async throws {
        let machine = try #require(try await fixture.store.machine(1.identifier()))
        #expect(machine.claimed == .zero && machine.vmCount == 0)
        #expect(try await fixture.queued().isEmpty)
        #expect(try await fixture.store.redis.send(["EXISTS", "hvc:vms", "hvc:delayed", "hvc:leases"]).int == 0)
        #expect(try await fixture.store.redis.send(["KEYS", "hvc:vm:*"]).array?.isEmpty == true)
    }

    @Test("A job that waits in a queue ends at once, wherever it stands there, and the others keep their places")
    func queued() async throws {
        try await withPM { (fixture) async throws in
            for _ in 0..<5 { _ = try await fixture.create() }
            for job in [3, 1, 5] { try await fixture.store.cancel(job.identifier()) }
            let failure = try #require(try await fixture.store.status(of: 3.identifier())?.failure)
            #expect(failure.code == .cancelled)
            #expect(try await fixture.queued().map { String($0.prefix(9)) } == [#"{"job":4,"#, #"{"job":2,"#])
            #expect(try await fixture.store.vm(3.identifier()) == nil)
            #expect(try await code { try await fixture.store.cancel(3.identifier()) } == .wrongState)
            #expect(try await code { try await fixture.store.cancel(99.identifier()) } == .unknownJob)
            for job in [2, 4] { try await fixture.store.cancel(job.identifier()) }
            try await expectNothing(fixture)
        }
    }

    @Test("A destroy that has not begun is cancelled from the queue and from behind another job; the VM stays")
    func destroy() async throws {
        try await withPM { (fixture) async throws in
            let store = fixture.store
            _ = try await fixture.create()
            _ = try await fixture.takeAll()
            // Behind the create, which runs.
            _ = try await store.enqueueDestroy(1.identifier(), request: "")
            _ = try await fixture.takeAll()
            #expect(try await state(2, fixture) == .waiting)
            #expect(try await store.job(2.identifier())?.ahead == 1)
            try await store.cancel(2.identifier())
            #expect(try await fixture.list("hvc:vm:1:waiting").isEmpty)
            #expect(try await store.finish(Lease(job: 1.identifier(), epoch: 1), by: "w", JobEnding()))
            #expect(try await store.vm(1.identifier())?.state == .running)
            // In the queue.
            _ = try await store.enqueueDestroy(1.identifier(), request: "")
            try await store.cancel(3.identifier())
            #expect(try await store.vm(1.identifier())?.state == .running)
            // What runs is not undone.
            _ = try await store.enqueueDestroy(1.identifier(), request: "")
            _ = try await fixture.takeAll()
            #expect(try await code { try await store.cancel(4.identifier()) } == .wrongState)
            #expect(try await store.finish(Lease(job: 4.identifier(), epoch: 1), by: "w", JobEnding()))
            try await expectNothing(fixture)
        }
    }

    @Test(
        "A create that runs takes no further step, and may undo those that it took; one that was deferred comes back for that"
    )
    func running() async throws {
        try await withPM { (fixture) async throws in
            let store = fixture.store
            for _ in 0..<2 { _ = try await fixture.create() }
            _ = try await fixture.takeAll()
            let (first, second) = (Lease(job: try 1.identifier(), epoch: 1), Lease(job: try 2.identifier(), epoch: 1))
            for lease in [first, second] { #expect(try await fixture.begin("image", of: lease)) }
            let silent = Failure(.machineUnreachable, "silent")
            #expect(try await store.postpone(second, by: .seconds(600), because: silent))
            for job in [1, 2] { try await store.cancel(job.identifier()) }
            let next = StepBegin("disk", isProgress: true, writing: [])
            let undo = StepBegin(nil, isProgress: false, writing: [])
            #expect(try await store.beginStep(next, of: first, for: .seconds(60)) == .cancelled)
            guard case .go = try await store.beginStep(undo, of: first, for: .seconds(60)) else {
                Issue.record("no undo")
                return
            }
            #expect(try await store.finish(first, by: "w", JobEnding(failure: Failure(.cancelled, "cancelled"))))
            #expect(try await state(2, fixture) == .queued)
            let (_, outcome) = try await fixture.takeAll()
            guard case .started(let epoch, _, _) = outcome.results.first else {
                Issue.record("\(outcome)")
                return
            }
            let again = Lease(job: second.job, epoch: epoch)
            #expect(try await store.beginStep(next, of: again, for: .seconds(60)) == .cancelled)
            let failure = Failure(.cancelled, "cancelled")
            #expect(try await store.finish(again, by: "w", JobEnding(failure: failure, cleanupDelay: .zero)))
            let details = try #require(try await store.job(second.job))
            #expect(details.record.cancelRequestedAt != nil && details.record.cleanup?.value == 3)
        }
    }

    /// A create that has ended its worker, and was given up.
    private func giveUp(_ fixture: StoreFixture) async throws {
        _ = try await fixture.create()
        _ = try await fixture.takeAll()
        let lease = Lease(job: try 1.identifier(), epoch: 1)
        #expect(try await fixture.begin("image", of: lease))
        #expect(try await fixture.store.renew([lease], for: .zero).isEmpty)
        #expect(try await fixture.store.sweep(crashLimit: 1).givenUp == [lease.job])
        #expect(try await fixture.store.vm(1.identifier())?.state == .error)
        #expect(try await fixture.list("hvc:dead").count == 1)
    }

    @Test("A job that was given up is tried again from where it was, and its record stays until it has ended anew")
    func retry() async throws {
        try await withPM { (fixture) async throws in
            let store = fixture.store
            try await giveUp(fixture)
            try await store.retry(1.identifier())
            for list in ["hvc:dead", "hvc:jobs:ended"] { #expect(try await fixture.list(list).isEmpty) }
            #expect(try await store.redis.send(["TTL", "hvc:job:1"]).int == -1)
            #expect(try await code { try await store.retry(1.identifier()) } == .wrongState)
            let job = try #require(try await store.job(1.identifier())?.record)
            #expect(job.state == .queued && job.failure == nil && job.endedAt == nil)
            let (_, outcome) = try await fixture.takeAll()
            guard case .started(let epoch, let pm, _) = outcome.results.first else {
                Issue.record("\(outcome)")
                return
            }
            #expect(pm?.value == 1)
            #expect(try await store.finish(Lease(job: 1.identifier(), epoch: epoch), by: "w", JobEnding()))
            #expect(try await store.vm(1.identifier())?.state == .running)
            #expect(try await store.machine(1.identifier())?.vmCount == 1)
            #expect(try await fixture.list("hvc:jobs:ended").count == 1)
        }
    }

    @Test(
        "One that was given up is dropped from the list; its VM stays for a destroy, and then there is nothing to retry"
    )
    func drop() async throws {
        try await withPM { (fixture) async throws in
            let store = fixture.store
            try await giveUp(fixture)
            try await store.drop(1.identifier())
            #expect(try await fixture.list("hvc:dead").isEmpty)
            #expect(try await fixture.list("hvc:jobs:ended").count == 1)
            #expect(try await state(1, fixture) == .failed)
            #expect(try await code { try await store.drop(1.identifier()) } == .wrongState)
            _ = try await store.enqueueDestroy(1.identifier(), request: "")
            _ = try await fixture.takeAll()
            #expect(try await store.finish(Lease(job: 2.identifier(), epoch: 1), by: "w", JobEnding()))
            try await expectNothing(fixture)
        }
        try await withPM { (fixture) async throws in
            try await giveUp(fixture)
            _ = try await fixture.store.enqueueDestroy(1.identifier(), request: "")
            _ = try await fixture.takeAll()
            #expect(try await code { try await fixture.store.retry(1.identifier()) } == .wrongState)
            #expect(try await fixture.store.finish(Lease(job: 2.identifier(), epoch: 1), by: "w", JobEnding()))
            #expect(try await code { try await fixture.store.retry(1.identifier()) } == .unknownVM)
        }
    }
}
