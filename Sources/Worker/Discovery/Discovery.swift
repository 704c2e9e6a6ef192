import Logging
import Model
import NIOConcurrencyHelpers
import Store

/// Probes every PM at the start and then periodically; each PM is probed by one worker at a time.
struct Discovery: Sendable {
    let store: Store
    let probe: PMProbe
    let watch: DomainWatch
    /// The worker's name: a PM that it alone cannot reach is not unknown.
    let worker: String
    /// How many PMs are probed at once.
    let limit: Int
    let period: Duration
    let probeTimeout: Duration
    let wake: WakeSignal
    /// Called where the record of a PM is broken or lost, which the PM file may bring back.
    let recordLost: @Sendable (Failure) -> Void
    var clock: any WorkerClock = SystemClock()
    let logger: Logger
    private let unread = RetryLog("the PMs that are due for a probe cannot be read; trying again")
    private let unrecorded = RetryLog("a probe of a PM cannot be recorded")

    /// After this long a probe without a result is another worker's to repeat.
    private var deadline: Duration { max(.seconds(60), probeTimeout * 2 + .seconds(40)) }
    /// For how many periods it counts that another worker has reached a PM.
    private static let trustedPeriods = 3
    /// How long to wait for a signal before asking anyway: a PM whose probe ends meanwhile may be due again after a period.
    private var longestWait: Duration { min(.seconds(5), period) }
    /// The time between two questions for due PMs while there is nothing special: those that come due within it are taken
    /// together, which costs Redis one script for all of them.
    private var interval: Duration { min(.seconds(1), period / 10) }
    /// The shortest time between two questions, however many events there are, or slots that become free.
    private static let spacing = (idle: Duration.milliseconds(100), busy: Duration.milliseconds(10))

    /// The slots, and which kinds of probes wait for one.
    private struct Work {
        var slots: ProbeSlots
        var waits = (usual: false, down: false)
    }

    /// Runs until its task is cancelled.
    func run() async {
        let work = NIOLockedValueBox(Work(slots: ProbeSlots(limit: limit)))
        let recorder = ProbeRecorder(clock: clock) { [self] (findings) async throws(Failure) in
            try await store.record(findings, by: worker, reachedWithin: period * Self.trustedPeriods)
        }
        await withDiscardingTaskGroup { group in
            group.addTask { await recorder.run() }
            var skipped = DueProbes.Skipped()
            while !Task.isCancelled {
                let asked = clock.now
                let before = work.withLockedValue { $0.slots }
                let due = await takeDue(before, skipping: skipped)
                skipped = due.skipped
                let isFree = work.withLockedValue { work in
                    // A slot that became free meanwhile woke nobody.
                    let isFree = work.slots.free > before.free
                    for each in due.probes { work.slots.enter(isDown: each.isDown) }
                    work.waits = (due.hasMoreUsual, due.hasMoreDown)
                    return isFree
                }
                if isFree, due.hasMoreUsual || due.hasMoreDown { wake.fire() }
                for each in due.probes {
                    group.addTask {
                        await run(each, from: due.now, recorder)
                        let isAwaited = work.withLockedValue { work in
                            work.slots.leave(isDown: each.isDown)
                            return each.isDown ? work.waits.down : work.waits.usual
                        }
                        if isAwaited { wake.fire() }
                    }
                }
                let wait = due.next.map { max(interval, min($0, longestWait)) } ?? longestWait
                await wake.wait(atMost: wait, on: clock)
                let spacing = due.hasMoreUsual ? Self.spacing.busy : min(Self.spacing.idle, interval)
                try? await clock.sleep(for: asked + spacing - clock.now)
            }
        }
    }

    private func takeDue(_ slots: ProbeSlots, skipping skipped: DueProbes.Skipped) async -> DueProbes {
        do throws(Failure) {
            let due = try await store.takeDueProbes(
                limit: slots.free,
                usual: slots.freeForUsual,
                down: slots.freeForDown,
                deadline: deadline,
                by: worker,
                skipping: skipped
            )
            for fault in due.faults {
                logger.error("a PM cannot be probed", metadata: ["error": "\(fault)"])
                recordLost(fault)
            }
            return due
        } catch {
            unread.note(error, in: logger)
            return DueProbes(next: .milliseconds(500))
        }
    }

    /// Probes a PM and writes what that finds.
    private func run(_ due: DueProbe, from now: Int, _ recorder: ProbeRecorder) async {
        do throws(Failure) {
            guard let result = try await probe.run(due, from: now) else { return }
            switch try await recorder.record(result.finding) {
            case .recorded(let recorded): await conclude(result, recorded)
            case .superseded: logger.debug("a later probe of a PM was faster", metadata: ["pm": "\(due.pm)"])
            case .unknown: probe.memory.forget(due.pm)
            case .broken(let fault): throw fault
            }
        } catch {
            probe.memory.forget(due.pm)
            unrecorded.note(error, in: logger, metadata: ["pm": "\(due.pm)"])
            if error.code == .malformedRecord { recordLost(error) }
        }
    }

    private func conclude(_ result: PMProbe.Result, _ recorded: RecordedState) async {
        let pm = result.pm
        if !recorded.isReachedElsewhere, result.finding.report != nil {
            probe.memory.remember(result.report, of: pm.id, version: recorded.version)
        }
        log(recorded, of: result)
        if result.aliasOf != nil {
            await watch.stopListening(to: pm.id)
        } else if result.isComplete {
            await watch.listen(to: pm)
        }
    }

    private func log(_ recorded: RecordedState, of result: PMProbe.Result) {
        let pm = result.pm
        if recorded.isReachedElsewhere {
            logger.warning(
                "PM \(pm.id) does not answer this worker, and answers another one",
                metadata: ["address": "\(pm.listing.address)", "reason": "\(result.report.reason)"]
            )
        } else if recorded.state != pm.state || !pm.isProbed {
            logger.notice(
                "PM \(pm.id) is \(recorded.state.rawValue)",
                metadata: ["address": "\(pm.listing.address)", "reason": "\(recorded.reason)"]
            )
        }
    }
}
