import EmbeddedRedis
import Model
import RedisClient
import Store
import TestKit
import Testing

@testable import Worker

/// The intake loop with creates that wait for room, and with batches.
@Suite("The intake loop, of creates that wait for room and of batches")
struct RoomWakerTests {
    private static func room(for vms: Int) -> Resources { Resources(cpu: vms, ram: 512 * vms, disk: vms) }

    private func states(_ site: IntakeSite, _ count: Int) -> [String] {
        (1...count).map { site.field("hvc:job:\($0)", "state") ?? "" }
    }

    @Test(
        "Where room is freed those that fit are woken, the oldest first, each once, and one that does not fit keeps none of them"
    )
    func oldestFirst() async throws {
        try await IntakeSite.with(slots: 9) { (site) async throws in
            try await site.probe(1, Self.room(for: 1))
            try await site.create()
            site.wake.fire()
            try await eventually("the first to run") { site.entered == 1 }
            // A large one first, then three small ones.
            try await site.create(type: 2, roomWait: .seconds(600))
            for _ in 1...3 { try await site.create(roomWait: .seconds(600)) }
            site.wake.fire()
            try await eventually("all others to wait for room") { states(site, 5).count { $0 == "delayed" } == 4 }
            try await site.rests()
            let reads = site.redis.calls("read_room")
            // Signals alone have nobody considered again.
            site.wake.fire()
            try await eventually("the loop to have polled") { site.clock.sleeps == [.seconds(5)] }
            #expect(site.redis.calls("read_room") == reads)

            try await site.probe(1, Self.room(for: 3))
            site.wake.fire()
            try await eventually("two small ones to run") { site.entered == 3 }
            #expect(states(site, 5) == ["running", "delayed", "running", "running", "delayed"])
            try await site.probe(1, Self.room(for: 8))
            site.wake.fire()
            try await eventually("all to run") { site.entered == 5 }
            #expect(site.redis.memory.run(["EXISTS", "hvc:queue:room", "hvc:queue:room:asks"]).int == 0)
            #expect(site.field("hvc:counters", "room_asked") == nil)
        }
    }

    @Test("One that fits goes before a later create, though others that do not fit wait before it")
    func behindThoseWithoutRoom() async throws {
        // As many as there are slots are considered at once: one.
        try await IntakeSite.with(slots: 1) { (site) async throws in
            site.gate.open()
            try await site.probe(1, .zero)
            for _ in 1...3 { try await site.create(type: 2, roomWait: .seconds(600)) }
            try await site.create(roomWait: .seconds(600))
            site.wake.fire()
            try await eventually("all to wait") { site.redis.memory.run(["ZCARD", "hvc:queue:room"]).int == 4 }
            try await site.probe(1, Self.room(for: 1))
            try await site.create()
            site.wake.fire()
            try await eventually("the last two to end") { site.jobs("done") == 1 && site.jobs("failed") == 1 }
            #expect(states(site, 5) == ["delayed", "delayed", "delayed", "done", "failed"])
        }
    }

    @Test("More wait than are considered at once: all that fit come in, in their order")
    func many() async throws {
        try await IntakeSite.with(slots: 90) { (site) async throws in
            site.gate.open()
            try await site.probe(1, .zero)
            for _ in 1...40 { try await site.create(roomWait: .seconds(600)) }
            site.wake.fire()
            try await eventually("all to wait") { site.redis.memory.run(["ZCARD", "hvc:queue:room"]).int == 40 }
            try await site.probe(1, Self.room(for: 30))
            site.wake.fire()
            try await eventually("30 to be done") {
                (1...40).count { site.field("hvc:job:\($0)", "state") == "done" } == 30
            }
            try await site.rests()
            #expect((1...30).allSatisfy { site.field("hvc:job:\($0)", "state") == "done" })
            #expect(site.redis.memory.run(["ZCARD", "hvc:queue:room"]).int == 10)
        }
    }

    @Test(
        "The VMs of an atomic batch get their places in one claim, whatever slots there are, and later creates come behind"
    )
    func batch() async throws {
        try await IntakeSite.with(pms: 2, slots: 1) { (site) async throws in
            for pm in 1...2 { try await site.probe(pm, Self.room(for: 2)) }
            try await site.createBatch(3)
            for _ in 1...2 { try await site.create() }
            site.wake.fire()
            try await eventually("the first to run") { site.entered == 1 }
            #expect(site.redis.calls("claim_batch") == 1)
            #expect((1...3).allSatisfy { site.field("hvc:vm:\($0)", "pm") != nil })
            #expect(site.field("hvc:vm:4", "pm") == nil)
            site.gate.open()
            try await eventually("the end of all") { site.jobs("done") == 4 && site.jobs("failed") == 1 }
            #expect(site.redis.calls("claim_batch") == 1)
        }
    }

    @Test("An atomic batch that does not fit is refused whole; one that may wait is woken when all of it fits")
    func batchWithoutRoom() async throws {
        try await IntakeSite.with(slots: 9) { (site) async throws in
            site.gate.open()
            try await site.probe(1, Self.room(for: 2))
            try await site.createBatch(3)
            try await site.createBatch(3, roomWait: .seconds(600))
            try await site.create()
            site.wake.fire()
            try await eventually("the last to be done") { states(site, 7).last == "done" }
            #expect(states(site, 6) == ["failed", "failed", "failed", "delayed", "delayed", "delayed"])
            #expect(site.field("hvc:job:1", "error")?.hasPrefix("2 of 3 fit") == true)
            try await site.probe(1, Self.room(for: 3))
            site.wake.fire()
            try await site.rests()
            #expect(states(site, 6).suffix(3) == ["delayed", "delayed", "delayed"])
            try await site.probe(1, Self.room(for: 4))
            site.wake.fire()
            try await eventually("all of it to be done") { states(site, 6).suffix(3) == ["done", "done", "done"] }
        }
    }

    @Test("A VM of a batch that a PM failed goes elsewhere by itself")
    func single() async throws {
        try await IntakeSite.with(pms: 2, slots: 9) { (site) async throws in
            try await site.createBatch(2)
            site.wake.fire()
            try await eventually("both to run") { site.entered == 2 }
            let pm = try #require(site.field("hvc:job:1", "pm"))
            let lease = Lease(job: try IntakeSite.id(1), epoch: 1)
            let failed = Failure(.hypervisor, "no")
            #expect(try await site.store.reschedule(lease, because: failed, penalizesPM: false))
            site.wake.fire()
            try await eventually("it to run elsewhere") { site.entered == 3 }
            #expect(site.field("hvc:job:1", "pm") != pm)
            #expect(site.redis.calls("claim_batch") == 1)
        }
    }
}
