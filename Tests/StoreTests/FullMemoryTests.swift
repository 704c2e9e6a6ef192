import Model
import Placement
import RedisClient
import TestKit
import Testing

@testable import Store

/// Redis whose memory is full, by its own `maxmemory`.
@Suite("Full memory", .timeLimit(.minutes(1)))
struct FullMemoryTests {
    private func code(_ body: () async throws -> Void) async throws -> FailureCode? {
        do { try await body() } catch let failure as Failure { return failure.code }
        return nil
    }

    /// A store whose gauge has read nothing yet.
    private func fresh(_ fixture: StoreFixture) -> Store { Store(redis: fixture.store.redis) }

    private func create(in store: Store) async throws {
        _ = try await store.enqueueCreate(name: "a", type: 1.identifier(), image: 100.identifier(), request: "r")
    }

    /// Writes until Redis refuses; bytes at a time.
    private func fill(_ fixture: StoreFixture, by bytes: Int) async throws {
        let text = String(repeating: "x", count: bytes)
        while true {
            do { _ = try await fixture.store.redis.send(["RPUSH", "filler", text]) } catch let error as RedisError {
                guard error.code == .outOfMemory else { throw error }
                return
            }
        }
    }

    @Test("Creates and holds are refused before memory is full, and destroys and what is under way go on when it is")
    func goesOn() async throws {
        try await StoreFixture.with { (fixture) async throws in
            let store = fixture.store
            try await fixture.up(1, Resources(cpu: 40, ram: 40_960, disk: 100))
            for _ in 0..<4 { _ = try await fixture.create() }
            _ = try await fixture.takeAll(limit: 3)
            func lease(_ job: Int) throws -> Lease { Lease(job: try job.identifier(), epoch: 1) }
            #expect(try await store.finish(lease(1), by: "w", JobEnding()))
            _ = try await store.redis.send(["CONFIG", "SET", "maxmemory", "12mb"])
            try await fill(fixture, by: 64 << 10)
            _ = try await store.redis.send(["LPOP", "filler"])
            // There is memory still, and it is kept for what was accepted.
            #expect(try await code { try await create(in: fresh(fixture)) } == .storeFull)
            _ = try await store.redis.send(["SET", "room", "for a write"])
            // Less than it holds, whatever its buffers take or give back.
            _ = try await store.redis.send(["CONFIG", "SET", "maxmemory", "11mb"])
            await #expect(throws: RedisError.self) { _ = try await store.redis.send(["SET", "room", "for none"]) }

            #expect(try await code { try await create(in: fresh(fixture)) } == .storeFull)
            // This one's gauge was read before memory was full: the script refuses.
            let late = fresh(fixture)
            _ = try await late.memoryGauge.reading { () async throws(Failure) in MemoryReading("") }
            #expect(try await code { try await create(in: late) } == .storeFull)
            #expect(
                try await code {
                    _ = try await fresh(fixture).enqueueHold(
                        type: 1.identifier(),
                        image: 100.identifier(),
                        seconds: 60,
                        request: ""
                    )
                } == .storeFull
            )
            let health = try await store.health(within: .seconds(5))
            #expect(health.refusal == nil)

            #expect(try await store.renew([lease(2), lease(3)], for: .seconds(30)).isEmpty)
            #expect(try await store.finish(lease(2), by: "w", JobEnding()))
            #expect(try await store.finish(lease(3), by: "w", JobEnding(failure: Failure(.hypervisor, "no"))))
            _ = try await store.enqueueDestroy(1.identifier(), request: "")
            let (_, outcome) = try await fixture.takeAll()
            #expect(outcome.results.count == 2 && outcome.stop == .complete, "\(outcome)")
            #expect(try await store.finish(lease(4), by: "w", JobEnding()))
            #expect(try await store.finish(lease(5), by: "w", JobEnding()))
            _ = try await store.sweep()
            try await fixture.up(1, Resources(cpu: 40, ram: 40_960, disk: 100))
            try await store.announce(worker: "w", fields: ["lease_ms": "5"], lifetime: .seconds(600))
            try await store.register(policy: PolicyRecord(PolicyChoice(name: "seed")))
            #expect(try await store.vm(1.identifier()) == nil)
            #expect(try await store.vm(4.identifier())?.state == .running)
            #expect(try await store.machine(1.identifier())?.claimed == Resources(cpu: 2, ram: 1024, disk: 2))

            _ = try await store.redis.send(["DEL", "filler"])
            try await create(in: fresh(fixture))
        }
    }

    @Test("Every script runs where memory is full, but those that write nothing and those that accept what is new")
    func allScripts() {
        let refused = StoreScript.all.filter { !$0.script.source.hasPrefix(LuaLibrary.allowOOM) }.map(\.script.name)
        #expect(
            refused.sorted() == [
                "create_project", "create_ssh_key", "create_token", "create_webhook", "enqueue_batch",
                "enqueue_claiming",
                "enqueue_create", "enqueue_hold", "find_broken", "find_vms", "list_jobs", "poll", "read_batch",
                "read_claims",
                "read_events", "read_job", "update_project", "update_vm",
            ]
        )
    }

    @Test(
        "As many jobs are queued as there may be: creates and holds are refused, destroys and what comes back are not"
    )
    func queueFull() async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.up(1, Resources(cpu: 40, ram: 40_960, disk: 100))
            let store = Store(redis: fixture.store.redis, queueLimit: 2)
            try await create(in: store)
            try await create(in: store)
            #expect(try await code { try await create(in: store) } == .queueFull)
            #expect(
                try await code {
                    _ = try await store.enqueueHold(
                        type: 1.identifier(),
                        image: 100.identifier(),
                        seconds: 60,
                        request: ""
                    )
                } == .queueFull
            )
            _ = try await store.enqueueDestroy(1.identifier(), request: "")
            _ = try await fixture.takeAll(limit: 3)
            try await create(in: store)
            try await create(in: store)
            #expect(try await store.requeue(Lease(job: 2.identifier(), epoch: 1), reason: "stopping"))
            #expect(try await fixture.field("hvc:job:2", "state") == "queued")
            #expect(try await fixture.store.redis.send(["HGET", "hvc:counters", "vm"]).int == 4)
        }
    }

    @Test("What came back to the queue and what is deferred counts as queued")
    func queueFullOfReturned() async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.up(1, Resources(cpu: 40, ram: 40_960, disk: 100))
            let store = Store(redis: fixture.store.redis, queueLimit: 2)
            for _ in 1...2 { try await create(in: store) }
            _ = try await fixture.takeAll(limit: 2)
            let leases = try [1, 2].map { Lease(job: try $0.identifier(), epoch: 1) }
            #expect(try await store.requeue(leases[0], reason: "stopping"))
            try await create(in: store)
            #expect(try await code { try await create(in: store) } == .queueFull)
            _ = try await fixture.takeAll(limit: 2)
            let away = Failure(.machineUnreachable, "away")
            #expect(try await store.postpone(leases[1], by: .seconds(60), because: away))
            try await create(in: store)
            #expect(try await code { try await create(in: store) } == .queueFull)
        }
    }
}
