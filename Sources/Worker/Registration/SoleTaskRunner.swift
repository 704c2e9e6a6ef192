import Logging
import Model
import NIOConcurrencyHelpers
import Store

/// Does a task of which one worker alone has the right, whenever that is this one.
struct SoleTaskRunner: Sendable {
    let task: SoleTask
    let store: Store
    /// The worker's instance: a later one of the same name is another holder.
    let holder: String
    /// How long the right lasts after a sign of life.
    let lease: Duration
    var clock: any WorkerClock = SystemClock()
    let logger: Logger
    private let faults = RetryLog("the right to a task that one worker does cannot be asked for; trying again")

    init(_ task: SoleTask, store: Store, holder: String, lease: Duration, logger: Logger) {
        (self.task, self.store, self.holder, self.lease, self.logger) = (task, store, holder, lease, logger)
    }

    /// Runs until the task is cancelled.
    ///
    /// - Parameter body: does the task until it is cancelled, which it is where the right ends.
    func run(_ body: @escaping @Sendable () async -> Void) async {
        while !Task.isCancelled {
            let asked = clock.now
            if await ask() == true {
                logger.debug("this worker has the right to a task", metadata: ["task": "\(task.rawValue)"])
                await withDiscardingTaskGroup { group in
                    group.addTask { await body() }
                    await keep(until: asked + lease)
                    group.cancelAll()
                }
                await giveBack()
            }
            // A cancelled sleep ends the loop.
            try? await clock.sleep(for: lease / 2)
        }
    }

    /// Keeps the right; returns where it ends, or may have ended while Redis did not answer.
    private func keep(until end: ContinuousClock.Instant) async {
        let end = NIOLockedValueBox(end)
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                while !Task.isCancelled {
                    // A cancelled sleep ends the loop.
                    try? await clock.sleep(for: lease / 4)
                    let asked = clock.now
                    switch await ask() {
                    case true: end.withLockedValue { $0 = asked + lease }
                    case false: return
                    default: continue
                    }
                }
            }
            // A question may take longer than the right lasts.
            group.addTask {
                while !Task.isCancelled {
                    let left = end.withLockedValue { $0 } - clock.now
                    guard left > .zero else { return }
                    try? await clock.sleep(for: left)
                }
            }
            await group.next()
            group.cancelAll()
        }
    }

    /// Whether this worker has the right; nil where Redis does not answer.
    private func ask() async -> Bool? {
        do throws(Failure) { return try await store.hold(task, holder: holder, for: lease) } catch {
            if !Task.isCancelled { faults.note(error, in: logger) }
            return nil
        }
    }

    private func giveBack() async {
        // A worker that stops gives it back, too, so that another need not wait for the end of its lease.
        await Task { [self] in
            do throws(Failure) { try await store.release(task, holder: holder) } catch {
                faults.note(error, in: logger)
            }
        }.value
    }
}
