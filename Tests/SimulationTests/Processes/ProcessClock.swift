@testable import Worker

/// A process's own clock, in virtual time.
struct ProcessClock: WorkerClock {
    let process: SimulatedProcess

    private static let origin = ContinuousClock.now

    var now: ContinuousClock.Instant {
        let standsStill = process.simulation.faults?.clocksStandStill == true && process.life != .dead
        return Self.origin + .milliseconds(standsStill ? 0 : process.time)
    }

    func sleep(for duration: Duration) async throws {
        try Task.checkCancellation()
        let alarm = Alarm()
        await withTaskCancellationHandler {
            await process.suspend(onDeath: ()) { resume in
                alarm.set { resume(()) }
                let simulation = process.simulation
                simulation.timeline.add({ _ in alarm.ring() }, at: simulation.now + process.lasting(duration))
            }
        } onCancel: {
            alarm.ring()
        }
        try Task.checkCancellation()
        if process.life == .dead { throw CancellationError() }
    }

    /// What ends a sleep.
    ///
    /// Sendable since it is used on the simulation's thread alone.
    private final class Alarm: @unchecked Sendable {
        private var action: (() -> Void)?
        private var hasRung = false

        func set(_ action: @escaping () -> Void) {
            if hasRung { action() } else { self.action = action }
        }

        func ring() {
            hasRung = true
            action?()
            action = nil
        }
    }
}
