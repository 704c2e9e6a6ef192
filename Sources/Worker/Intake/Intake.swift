import Logging
import Model
import NIOConcurrencyHelpers
import Placement
import ServiceLifecycle
import Store

/// Takes the oldest entries off the queue while there are free slots, and runs them.
struct Intake: Service {
    let store: Store
    let worker: String
    let slots: Int
    let policy: PlacementPolicy
    let lease: Duration
    let wake: WakeSignal
    let runner: Runner
    let grace: Duration
    var clock: any WorkerClock = SystemClock()
    let logger: Logger
    private let faults = RetryLog("the queue cannot be read; trying again")

    /// How many entries are planned at once; more would plan on a fleet that has changed.
    private static let batch = 64
    /// How long a worker that holds as many jobs as it has slots leaves the queue to others.
    private static let yieldDelay = Duration.milliseconds(200)
    /// How long to wait for a signal before polling anyway, should one have been missed.
    private static let pollInterval = Duration.seconds(5)

    /// Runs until a graceful shutdown; then jobs get the grace time to end, and go back to the queue after it.
    func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            let stop = WakeSignal()
            let jobs = Task { await takeJobs(until: stop) }
            group.addTask { await jobs.value }
            group.addTask {
                try? await gracefulShutdown()
                stop.fire()
                wake.fire()
                try? await clock.sleep(for: grace)
                jobs.cancel()
            }
            await group.next()
            group.cancelAll()
        }
    }

    private func takeJobs(until stop: WakeSignal) async {
        let limiter = NIOLockedValueBox(PMConcurrencyLimiter(slots: slots))
        await withDiscardingTaskGroup { group in
            var cache = FleetCache()
            var favorsDirect = false
            while !Task.isCancelled, !stop.hasFired {
                let (free, isFull) = limiter.withLockedValue { ($0.free, $0.isFull) }
                // Workers with slots left go first, and those that reach PMs that this one does not.
                let delay = max(isFull ? Self.yieldDelay : .zero, runner.yieldDelay.delay(at: clock.now))
                if free > 0, delay > .zero { try? await clock.sleep(for: delay) }
                let claimed = free > 0 ? await take(atMost: free, &cache, &favorsDirect) : []
                for job in claimed {
                    limiter.withLockedValue { $0.enter(job.machine) }
                    group.addTask {
                        await runner.run(job)
                        limiter.withLockedValue { $0.leave(job.machine) }
                        wake.fire()
                    }
                }
                if claimed.isEmpty { await wake.wait(atMost: Self.pollInterval, on: clock) }
            }
        }
    }

    /// Polls, plans and claims until something was taken or there is nothing to take.
    private func take(atMost free: Int, _ cache: inout FleetCache, _ favorsDirect: inout Bool) async -> [ClaimedJob] {
        var misses = PlanMisses()
        let (waker, placer) = (RoomWaker(store: store, policy: policy), BatchPlacer(store: store, policy: policy))
        do throws(Failure) {
            while !Task.isCancelled {
                let snapshot = try await store.poll(since: cache.position, limit: min(free, Self.batch))
                cache.update(by: snapshot)
                // What is not known yet of the fleet comes first.
                if snapshot.hasMore { continue }
                if snapshot.offersRoom, try await waker.offerRoom(snapshot, on: cache.fleet, free: free) { continue }
                let batch = try await placer.place(snapshot, on: cache.fleet)
                if batch == .decided { continue }
                if batch == .overtaken {
                    guard !misses.note(snapshot.lines.first) else { return giveUp(on: snapshot.lines.first, "a batch") }
                    continue
                }
                let plan = IntakePlan.steps(
                    for: batch == .undecided ? [] : snapshot.lines.beforeBatch(takingFirst: batch == .isSingle),
                    on: cache.fleet,
                    by: policy,
                    operations: runner.operations
                )
                favorsDirect.toggle()
                let share = IntakeShare(
                    free: free,
                    planned: plan.count,
                    direct: snapshot.direct,
                    favorsDirect: favorsDirect
                )
                let steps = Array(plan.prefix(share.planned))
                guard !steps.isEmpty || share.direct > 0 else { return [] }
                let asked = clock.now
                let outcome = try await store.claim(
                    steps,
                    direct: share.direct,
                    headroomVersion: snapshot.headroomVersion,
                    worker: worker,
                    lease: lease
                )
                let jobs =
                    zip(steps, outcome.results).compactMap { ClaimedJob($0.line, $1, asked: asked) }
                    + outcome.direct.compactMap { ClaimedJob($0.line, $0.result, asked: asked) }
                if outcome.stop != .complete {
                    logger.debug("a plan was overtaken", metadata: ["why": "\(outcome.stop)"])
                }
                if !jobs.isEmpty { return jobs }
                let refused = outcome.results.isEmpty && outcome.direct.isEmpty ? steps.first?.line : nil
                if misses.note(refused) { return giveUp(on: refused, "\(outcome.stop)") }
            }
        } catch {
            faults.note(error, in: logger)
            try? await clock.sleep(for: .milliseconds(500))
        }
        return []
    }

    /// What the records say is not what the claim goes by: trying on at once would not end.
    private func giveUp(on line: QueueSnapshot.Line?, _ why: String) -> [ClaimedJob] {
        logger.warning(
            "what is planned is refused again and again; run hvc-worker audit",
            metadata: ["job": "\(line?.entry?.job.description ?? "")", "why": "\(why)"]
        )
        return []
    }
}

/// How often in a row the plan for the oldest entry was refused by the time of the claim; pure.
private struct PlanMisses {
    /// How often it may be, until something must be wrong.
    private static let most = 8
    private var count = 0
    private var line: QueueSnapshot.Line?

    /// Counts a claim.
    ///
    /// - Parameter refused: the entry that could not be taken; nil where one was taken.
    /// - Returns: whether something must be wrong.
    mutating func note(_ refused: QueueSnapshot.Line?) -> Bool {
        count = refused != nil && refused == line ? count + 1 : 0
        line = refused
        return count >= Self.most
    }
}
