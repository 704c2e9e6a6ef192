import Logging
import Model
import Placement
import ServiceLifecycleTestKit
import Store
import TestKit

@testable import Worker

/// A worker that is started anew each time that it ends: the parts of the program that jobs need, in a process of the
/// simulation.
final class SimulatedWorker {
    let slots: Int
    let clockRate: Int
    let clockOffset: Int
    /// The run of it; nil while it is down.
    var process: SimulatedProcess?
    /// True once it was asked to stop.
    var isStopping = false
    /// Fired when there may be something to do.
    var wakes: [WakeSignal] = []

    init(slots: Int, clockRate: Int, clockOffset: Int) {
        self.slots = slots
        self.clockRate = clockRate
        self.clockOffset = clockOffset
    }
}

extension Simulation {
    /// Starts a worker that is down.
    func start(_ index: Int) {
        let worker = workers[index]
        guard worker.process == nil else { return }
        names += 1
        let process = SimulatedProcess(
            name: "w\(names)",
            clockRate: worker.clockRate,
            clockOffset: worker.clockOffset,
            in: self
        )
        worker.process = process
        worker.isStopping = false
        worker.wakes = [WakeSignal(), WakeSignal(), WakeSignal()]
        note("\(process.name): starts")
        let program = SimulatedProgram(process: process, worker: worker)
        loop.acting(as: process) {
            let task = Task { [self] in
                await program.run()
                end(index, process, restartAfter: random.number(100...10_000))
            }
            process.cancel = { task.cancel() }
        }
    }

    /// Ends a worker as SIGKILL would; acts that it has begun go on without it.
    func kill(_ index: Int, restartAfter pause: Int) {
        guard let process = workers[index].process else { return }
        note("\(process.name): killed")
        ledger.count(.killed)
        workers[index].process = nil
        process.kill()
        timeline.add({ $0.start(index) }, at: now + pause)
    }

    /// A worker has come to its end.
    private func end(_ index: Int, _ process: SimulatedProcess, restartAfter pause: Int) {
        guard workers[index].process === process, process.life != .dead else { return }
        note("\(process.name): ends")
        workers[index].process = nil
        process.kill()
        timeline.add({ $0.start(index) }, at: now + pause)
    }

    /// As SIGTERM would: nothing more is taken, and jobs have their time to end.
    func stop(_ index: Int) {
        guard let process = workers[index].process, process.life == .up, !workers[index].isStopping else { return }
        note("\(process.name): asked to stop")
        ledger.count(.stopped)
        workers[index].isStopping = true
        loop.acting(as: process) { process.stop?() }
    }

    func freeze(_ index: Int, isLong: Bool) {
        guard !isCalm, let process = workers[index].process, process.life == .up else { return }
        note("\(process.name): frozen")
        ledger.count(.frozen)
        process.freeze()
        let time = isLong ? random.number(5_000...40_000) : random.number(50...5_000)
        timeline.add({ $0.thaw(process) }, at: now + time)
    }

    /// Has a worker stand still, and sets the time of the next such pause.
    func pause() {
        guard case .pauses(let time) = scenario.strain, now < scenario.faultsUntil else { return }
        timeline.add({ $0.pause() }, at: now + time + random.number(Scenario.lease...2 * Scenario.lease))
        guard let process = random.pick(workers)?.process, process.life == .up else { return }
        ledger.count(.frozen)
        note("\(process.name): stands still for \(time) ms")
        process.freeze()
        timeline.add({ $0.thaw(process) }, at: now + time)
    }

    func thaw(_ process: SimulatedProcess) {
        guard process.life == .frozen else { return }
        note("\(process.name): thaws")
        process.thaw()
    }

    /// Whatever happened may be work: wakes the workers that wait; a signal may get lost.
    func wakeIdle() {
        for worker in workers {
            guard let process = worker.process, random.chance(95) else { continue }
            timeline.add(
                { simulation in
                    guard process.life != .dead else { return }
                    simulation.loop.acting(as: process) { for wake in worker.wakes { wake.fire() } }
                },
                at: now + delay()
            )
        }
    }
}

/// What a worker of the simulation runs.
private struct SimulatedProgram: Sendable {
    let process: SimulatedProcess
    // Sendable since it is used on the simulation's thread alone.
    nonisolated(unsafe) let worker: SimulatedWorker

    private static let lease = Duration.milliseconds(Scenario.lease)

    func run() async {
        let store = Store(redis: ProcessRedis(process: process), operations: process.simulation.operations)
        let clock = ProcessClock(process: process)
        let logger = Logger(label: process.name) { [process] _ in TraceLog(process: process) }
        let record = WorkerRecord(
            name: process.name,
            instance: process.name,
            settings: ["lease_ms": "\(Scenario.lease)"],
            fields: [:]
        )
        let leases = LeaseKeeper(store: store, worker: record, duration: Self.lease, clock: clock, logger: logger)
        let simulation = process.simulation
        let runner = Runner(
            store: store,
            drivers: SimulatedPMs(process: process),
            leases: leases,
            worker: process.name,
            operations: simulation.operations,
            clock: clock,
            fraction: { simulation.random.fraction() },
            logger: logger
        )
        let intake = Intake(
            store: store,
            worker: process.name,
            slots: worker.slots,
            policy: .seed,
            lease: Self.lease,
            wake: worker.wakes[0],
            runner: runner,
            grace: .seconds(4),
            clock: clock,
            logger: logger
        )
        let sweeper = Sweeper(store: store, wake: worker.wakes[1], lease: Self.lease, clock: clock, logger: logger)
        let discovery = discovery(store, clock, logger)
        guard await register(record, store, clock) else { return }
        await testGracefulShutdown { trigger in
            process.stop = { trigger.triggerGracefulShutdown() }
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await sweeper.run() }
                group.addTask { await discovery.run() }
                group.addTask {
                    // Where another has its name, a worker ends.
                    do { try await leases.run() } catch { process.simulation.note("\(process.name): \(error)") }
                }
                try? await intake.run()
                group.cancelAll()
            }
        }
    }

    private func discovery(_ store: Store, _ clock: ProcessClock, _ logger: Logger) -> Discovery {
        let period = Duration.milliseconds(process.simulation.scenario.probePeriod)
        return Discovery(
            store: store,
            probe: PMProbe(
                store: store,
                machines: SimulatedPMs(process: process),
                reconciler: Reconciler(store: store, cell: Scenario.cell, startsAgain: true, logger: logger),
                memory: ProbeMemory(),
                schedule: ProbeSchedule(period: period),
                clock: clock,
                logger: logger
            ),
            watch: DomainWatch(
                events: { (_) async throws(Failure) in nil },
                logger: logger,
                report: { (_, _) async throws(Failure) in false }
            ),
            worker: process.name,
            limit: 32,
            period: period,
            probeTimeout: .seconds(10),
            wake: worker.wakes[2],
            recordLost: { [process] fault in process.simulation.note("\(process.name): \(fault)") },
            clock: clock,
            logger: logger
        )
    }

    private func register(_ record: WorkerRecord, _ store: Store, _ clock: ProcessClock) async -> Bool {
        while process.life != .dead, !worker.isStopping {
            do {
                if case .registered = try await store.register(record, lifetime: Self.lease * 3) { return true }
            } catch { process.simulation.note("\(process.name): \(error)") }
            try? await clock.sleep(for: .seconds(1))
        }
        return false
    }
}

/// What the workers' parts log, in the trace.
private struct TraceLog: LogHandler {
    let process: SimulatedProcess
    var metadata = Logger.Metadata()
    var logLevel = Logger.Level.debug

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        process.simulation.note(
            "\(process.name): \(event.message)"
                + metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }.map {
                    " \($0.key)=\($0.value)"
                }.joined()
        )
    }
}
