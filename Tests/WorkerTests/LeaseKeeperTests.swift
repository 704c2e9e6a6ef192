import Model
import NIOConcurrencyHelpers
import Store
import TestKit
import Testing

@testable import Worker

@Suite("Leases")
struct LeaseKeeperTests {
    private let fixture: RunnerFixture
    private var keeper: LeaseKeeper { fixture.leases }
    private let stops = NIOLockedValueBox([Lease]())

    init() throws {
        fixture = try RunnerFixture()
    }

    private func lease(_ job: Int, epoch: Int = 1) throws -> Lease {
        Lease(job: try #require(JobID(job)), epoch: epoch)
    }

    private func keep(_ lease: Lease) {
        keeper.keep(lease, since: fixture.clock.now) { [stops] in stops.withLockedValue { $0.append(lease) } }
    }

    private var stopped: [Lease] { stops.withLockedValue { $0 } }

    @Test("Each renewal is of what is held; a job that is another worker's is stopped, once")
    func lost() async throws {
        let (first, second) = (try lease(1), try lease(2))
        keep(first)
        keep(second)
        fixture.store.state.withLockedValue { $0.lost = [first.job] }
        await keeper.renew()
        await keeper.renew()
        #expect(fixture.store[\.renewals].map(Set.init) == [[first.job, second.job], [second.job]])
        #expect(stopped == [first])
    }

    @Test("Work stops before its lease ends where that cannot be renewed, and not before six tenths of it")
    func overdue() async throws {
        let lease = try lease(1)
        keep(lease)
        fixture.store.state.withLockedValue {
            $0.outages = Array(repeating: Failure(.storeUnavailable, "away"), count: 10)
        }
        for (seconds, expected) in [(3, false), (5, false), (2, true)] {
            fixture.clock.advance(by: .seconds(seconds))
            await keeper.renew()
            keeper.stopOverdue()
            #expect(stopped.isEmpty != expected, "after \(seconds) s more")
        }
        keeper.stopOverdue()
        #expect(stopped == [lease])
    }

    @Test("A script renews the lease of its job unless that was renewed within a quarter of it")
    func renewal() throws {
        let lease = try lease(1)
        #expect(keeper.renewal(of: lease) == keeper.duration)
        keep(lease)
        #expect(keeper.renewal(of: lease) == nil)
        #expect(keeper.renewal(of: try self.lease(1, epoch: 2)) == keeper.duration)
        fixture.clock.advance(by: keeper.duration / 4)
        #expect(keeper.renewal(of: lease) == keeper.duration)
        keeper.renewed(lease, at: fixture.clock.now)
        #expect(keeper.renewal(of: lease) == nil)
    }

    @Test("A renewal counts from when it was asked for, whoever asked; an older one changes nothing")
    func renewed() async throws {
        let lease = try lease(1)
        let taken = fixture.clock.now
        keep(lease)
        fixture.clock.advance(by: .seconds(8))
        keeper.renewed(lease, at: fixture.clock.now)
        keeper.renewed(lease, at: taken)
        keeper.renewed(try self.lease(1, epoch: 2), at: fixture.clock.now + .seconds(100))
        fixture.clock.advance(by: .seconds(8))
        keeper.stopOverdue()
        #expect(stopped.isEmpty)
        fixture.clock.advance(by: .seconds(2))
        keeper.stopOverdue()
        #expect(stopped == [lease])
    }

    @Test("A lease that was released, or taken anew, is not stopped for the one before it")
    func released() async throws {
        let (old, new) = (try lease(1), try lease(1, epoch: 3))
        keep(old)
        keeper.release(old)
        fixture.clock.advance(by: .seconds(60))
        keep(new)
        keeper.stopOverdue()
        #expect(stopped.isEmpty)
        await keeper.renew()
        #expect(fixture.store[\.renewals] == [[new.job]])
    }

    @Test("Work that was told to stop keeps its lease until it has ended")
    func stopping() async throws {
        let lease = try lease(1)
        keep(lease)
        fixture.clock.advance(by: .seconds(10))
        keeper.stopOverdue()
        #expect(stopped == [lease])
        await keeper.renew()
        #expect(fixture.store[\.renewals] == [[lease.job]])
        keeper.stopOverdue()
        keeper.release(lease)
        await keeper.renew()
        #expect(fixture.store[\.renewals].count == 1 && stopped == [lease])
    }

    @Test("A worker that stood still renews its leases before it gives any of them up")
    func stoodStill() async throws {
        let clock = ManualClock()
        let keeper = LeaseKeeper(
            store: fixture.store,
            worker: RunnerFixture.worker,
            duration: .seconds(20),
            clock: clock,
            logger: fixture.runner.logger
        )
        let lease = try lease(1)
        keeper.keep(lease, since: clock.now) { [stops] in stops.withLockedValue { $0.append(lease) } }
        let run = Task { try await keeper.run() }
        for pause in [Duration.seconds(14), .seconds(1), .seconds(14), .seconds(1)] {
            try await eventually("the loops to rest") { clock.sleeps.count == 3 }
            let before = fixture.store[\.renewals].count
            clock.advance(by: pause)
            if pause > .seconds(5) {
                try await eventually("a renewal") { fixture.store[\.renewals].count > before }
            }
        }
        #expect(stopped.isEmpty)
        run.cancel()
        try await run.value
    }

    @Test("A worker whose name another one has taken ends; one that ends by itself releases its name")
    func name() async throws {
        fixture.store.state.withLockedValue { $0.isOwnName = false }
        let failure = await #expect(throws: Failure.self) { try await keeper.run() }
        #expect(failure?.code == .leaseLost)
        fixture.store.state.withLockedValue { $0.isOwnName = true }
        let run = Task { [keeper] in try await keeper.run() }
        while fixture.store[\.announcements] < 3 { await Task.yield() }
        #expect(!fixture.store[\.isNameReleased])
        run.cancel()
        try await run.value
        #expect(fixture.store[\.isNameReleased])
    }
}

@Suite("The sweeper")
struct SweeperTests {
    private func wait(_ outcome: SweepOutcome?, failure: Failure? = nil) async throws -> Duration {
        let fixture = try RunnerFixture()
        fixture.store.state.withLockedValue { state in
            state.sweeps = outcome.map { [$0] } ?? []
            state.outages = failure.map { [$0] } ?? []
        }
        return await Sweeper(
            store: fixture.store,
            wake: WakeSignal(),
            lease: .seconds(6),
            logger: fixture.runner.logger
        ).sweep()
    }

    @Test("The next sweep comes when the next job is due, at the end of the period, or soon after a failure")
    func waits() async throws {
        func due(in next: Duration?) -> SweepOutcome {
            SweepOutcome(next: next)
        }
        #expect(try await wait(due(in: nil)) == .seconds(2))
        #expect(try await wait(due(in: .seconds(60))) == .seconds(2))
        #expect(try await wait(due(in: .milliseconds(300))) == .milliseconds(305))
        #expect(try await wait(due(in: .zero)) == .milliseconds(20), "it does not spin")
        #expect(try await wait(nil, failure: Failure(.storeUnavailable, "away")) == .milliseconds(500))
    }

    @Test("After a sweep that failed, leases that run out do not count as crashes of their workers for a lease")
    func outage() async throws {
        let (fixture, clock) = (try RunnerFixture(), TestClock())
        let sweeper = Sweeper(
            store: fixture.store,
            wake: WakeSignal(),
            lease: .milliseconds(200),
            clock: clock,
            logger: fixture.runner.logger
        )
        _ = await sweeper.sweep()
        fixture.store.state.withLockedValue { $0.outages = [Failure(.storeUnavailable, "away")] }
        _ = await sweeper.sweep()
        _ = await sweeper.sweep()
        clock.advance(by: .milliseconds(201))
        _ = await sweeper.sweep()
        #expect(fixture.store[\.countedCrashes] == [true, true, false, true])
    }

    @Test("An outage is a call that failed, or one that took so long that a beat may have been missed")
    func outages() {
        var (outages, now) = (RedisOutages(lease: .seconds(4)), ContinuousClock.now)
        #expect(outages.isOver(at: now))
        outages.note(call: .seconds(1), at: now)
        #expect(outages.isOver(at: now))
        outages.note(call: .milliseconds(1001), at: now)
        #expect(!outages.isOver(at: now + .seconds(4)) && outages.isOver(at: now + .milliseconds(4001)))
        now += .seconds(60)
        outages.note(failureAt: now)
        #expect(!outages.isOver(at: now) && outages.isOver(at: now + .seconds(5)))
    }

    @Test("A sweep goes on after a signal, without waiting for its period")
    func wakes() async throws {
        let fixture = try RunnerFixture()
        let wake = WakeSignal()
        let sweeper = Sweeper(store: fixture.store, wake: wake, lease: .seconds(3600), logger: fixture.runner.logger)
        let run = Task { await sweeper.run() }
        for count in 1...3 {
            while fixture.store[\.calls] < count { await Task.yield() }
            wake.fire()
        }
        run.cancel()
        await run.value
    }
}
