import Model
import RedisClient
import ServiceLifecycleTestKit
import Store
import TestKit
import Testing

@testable import Worker

/// The loop alone, on the store's own scripts in memory, with a clock that only the test moves: what happens without that, waits for
/// nothing.
@Suite("The intake loop")
struct IntakeTests {
    @Test("It takes as many jobs as there are slots, and the next one when one has ended")
    func slots() async throws {
        // A PM for each: two jobs on the same one would leave a slot, which the worker offers to others for a moment first.
        try await IntakeSite.with(pms: 4, slots: 2) { (site) async throws in
            for _ in 1...4 { try await site.create() }
            site.wake.fire()
            try await eventually("two jobs to run") { site.jobs("running") == 2 && site.entered == 2 }
            #expect(site.jobs("queued") == 2)
            site.gate.letThrough(1)
            try await eventually("the third") { site.jobs("done") == 1 && site.entered == 3 }
            #expect(site.jobs("queued") == 1)
            site.gate.open()
            try await eventually("all of them") { site.jobs("done") == 4 }
        }
    }

    @Test("With nothing to do it waits for a signal, and asks by itself where none came")
    func waits() async throws {
        try await IntakeSite.with { (site) async throws in
            site.gate.open()
            try await site.rests()
            try await site.create()
            site.wake.fire()
            try await eventually("the first job") { site.jobs("done") == 1 }
            try await site.rests()
            // Its signal was lost.
            try await site.create()
            #expect(site.jobs("done") == 1)
            site.clock.advance(by: .seconds(5))
            try await eventually("the second job") { site.jobs("done") == 2 }
        }
    }

    @Test("A queue that cannot be read is read again after half a second")
    func outage() async throws {
        try await IntakeSite.with { (site) async throws in
            site.gate.open()
            try await site.rests()
            try await site.create()
            site.redis.fail(3)
            site.wake.fire()
            for _ in 1...3 {
                try await eventually("the pause") { site.clock.sleeps == [.milliseconds(500)] }
                #expect(site.jobs("queued") == 1)
                site.clock.advance(by: .milliseconds(500))
                // It then waits for a signal, as where there is nothing to do.
                site.wake.fire()
            }
            try await eventually("the job") { site.jobs("done") == 1 }
        }
    }

    @Test("A plan that claims refuse again and again is left alone for a while, and the loop goes on")
    func misses() async throws {
        try await IntakeSite.with { (site) async throws in
            site.gate.open()
            try await site.rests()
            try await site.create()
            site.redis.answer("claim", .array([.bulkString("full"), .array([]), .array([])]))
            let before = site.redis.calls("claim")
            site.wake.fire()
            try await eventually("the loop to give up") { site.redis.calls("claim") == before + 9 }
            try await site.rests()
            #expect(site.redis.calls("claim") == before + 9)
            site.redis.answer("claim", nil)
            site.clock.advance(by: .seconds(5))
            try await eventually("the job") { site.jobs("done") == 1 }
        }
    }

    @Test("A create for a PM that was not probed yet waits for that, and a destroy on another PM ends at once")
    func twoLists() async throws {
        try await IntakeSite.with(pms: 2, unprobed: [2]) { (site) async throws in
            site.gate.open()
            try await site.create()
            site.wake.fire()
            try await eventually("a VM") { site.jobs("done") == 1 }
            try await site.create(on: 2)
            let destroy = try await site.store.enqueueDestroy(IntakeSite.id(1), request: "")
            site.wake.fire()
            // No time goes by.
            try await eventually("the destroy to end") { site.state(of: destroy.job) == "done" }
            try await eventually("the create to wait") { site.jobs("delayed") == 1 }
            #expect(site.field("hvc:job:2", "put_off")?.contains("not probed yet") == true)
            try await site.probe(2)
            site.wake.fire()
            try await eventually("the create to end") { site.jobs("done") == 3 }
            #expect(site.field("hvc:vm:2", "pm") == "2")
        }
    }

    @Test("Told to stop it takes nothing more; what runs has its time, and goes back to the queue after it")
    func stops() async throws {
        try await IntakeSite.with(pms: 2, slots: 4) { (site) async throws in
            try await site.create()
            site.wake.fire()
            try await eventually("the job to run") { site.entered == 1 }
            site.stop()
            try await eventually("the time of grace") { site.clock.sleeps.contains(IntakeSite.grace) }
            try await site.create()
            site.wake.fire()
            site.clock.advance(by: IntakeSite.grace)
            try await eventually("the loop to end") { site.hasEnded }
            #expect(site.jobs("queued") == 2 && site.field("hvc:job:1", "handed_back")?.contains("stopped") == true)
        }
    }

    @Test("A worker that holds as many jobs as it has slots leaves the queue to others for a moment")
    func yields() async throws {
        // Of one PM's jobs half of the slots' number take slots, so the worker may take more than it has slots.
        try await IntakeSite.with(pms: 1, slots: 2) { (site) async throws in
            for _ in 1...3 { try await site.create() }
            site.wake.fire()
            try await eventually("two jobs to run") { site.entered == 2 }
            try await eventually("the loop to wait") { site.clock.sleeps == [.milliseconds(200)] }
            #expect(site.jobs("queued") == 1)
            site.clock.advance(by: .milliseconds(200))
            try await eventually("the third job") { site.entered == 3 }
            site.gate.open()
        }
    }
}
