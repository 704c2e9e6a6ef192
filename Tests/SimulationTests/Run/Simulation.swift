import Logging
import Model
import TestKit

/// One run of clients, workers, PMs and Redis in virtual time, with faults; all of it follows from the seed.
///
/// The workers are the shipped ones: intake, runner, leases, sweeper and operations, on the shipped store, whose scripts run
/// in an embedded Redis. What they wait for is resumed by the timeline, on one thread. After each event the invariants are
/// checked, and the first one that does not hold ends the run.
///
/// Sendable since all of it happens on one thread.
final class Simulation: @unchecked Sendable {
    /// What happens at a time.
    typealias Event = (Simulation) -> Void

    /// How a run ended.
    struct Report: Sendable {
        /// The first violation; nil where there was none.
        let violation: Violation?
        /// What happened how many times.
        let figures: [Figure: Int]
        /// The events that there were.
        let events: Int
        /// What happened, a line each; empty where nobody asked for it.
        let trace: [String]
        /// What Redis was asked; empty where nobody asked for it.
        let calls: [SimulatedRedis.Call]
    }

    let seed: UInt64
    let scenario: Scenario
    let faults: FaultInjection?
    /// What jobs do, with examples of what is not shipped where a test wants them.
    let operations: OperationRegistry
    let loop = TaskLoop()
    private let isTraced: Bool
    /// True once what happens is of no interest any more.
    private var isOver = false
    var random: SplitMix64
    /// In ms.
    var now = 0
    private(set) lazy var redis = SimulatedRedis(self, faults: faults, records: records)
    private let records: Bool
    var hosts: [HostModel] = []
    /// The PM file.
    var listings: [PMListing] = []
    /// How many workers were started.
    var names = 0
    var workers: [SimulatedWorker] = []
    /// Who asks for VMs.
    private(set) lazy var client = SimulatedProcess(name: "client", in: self)
    var timeline = Timeline<Event>()
    var ledger = Ledger()
    var snapshot = Snapshot()
    /// What the last script has placed so far.
    var placed: [PMID: Resources] = [:]
    var trace: [String] = []
    /// Acts under way, by number.
    var acts: [Int: Act] = [:]
    var actCount = 0
    var requestsLeft: Int
    /// Requests that wait for their answer.
    var requestsOpen = 0
    var areImagesUsable = true
    /// VMs whose create kills its worker, with the step at which it does.
    var poison: [VMID: HostModel.Step] = [:]
    /// The jobs that came back to the queue with the last script: they were in nobody's way before.
    var cameBack: Set<JobID> = []
    /// The creates that waited for room after the script before.
    var waitedForRoom: Set<JobID> = []
    /// PMs with a change that ends by itself.
    var closed: Set<PMID> = []
    /// Of those, the ones that the PM file does not list.
    var delisted: Set<PMID> = []
    var isCalm = false
    /// True where the event has changed something that invariants are about, beside what is in Redis.
    var isDirty = false

    /// Prepares a run.
    ///
    /// - Parameters:
    ///   - seed: everything follows from it.
    ///   - faults: what is broken on purpose.
    ///   - operations: what jobs do.
    ///   - hazards: faults beyond what the protocol can bear alone.
    ///   - strain: the one thing that goes wrong, and how long acts on PMs last in ms; nil for what chance says.
    ///   - isTraced: whether to write down what happens.
    ///   - records: whether to keep what Redis is asked.
    init(
        seed: UInt64,
        faults: FaultInjection? = nil,
        operations: OperationRegistry = .shipped,
        hazards: Set<Scenario.Hazard> = [],
        strain: (what: Scenario.Strain, acts: ClosedRange<Int>)? = nil,
        isTraced: Bool = false,
        records: Bool = false
    ) {
        self.seed = seed
        self.faults = faults
        self.operations = operations
        self.isTraced = isTraced
        self.records = records
        random = SplitMix64(seed: seed)
        scenario = strain.map { Scenario($0.what, acts: $0.acts) } ?? Scenario(&random, hazards: hazards)
        requestsLeft = scenario.requests
    }

    /// Runs to the end: to the first violation, or until all faults are over and every job has ended.
    func run() -> Report {
        setUp()
        var events = 0
        let limit = scenario.faultsUntil + Scenario.settlingTime
        while ledger.violation == nil, !isSettled, now < limit, let (time, event) = timeline.next() {
            now = time
            events += 1
            isDirty = false
            event(self)
            loop.run()
            takeInChanges()
        }
        checkEnd()
        if let violation = ledger.violation { note("VIOLATION \(violation)") }
        isOver = true
        for worker in workers { worker.process?.kill() }
        client.kill()
        loop.run()
        return Report(
            violation: ledger.violation,
            figures: ledger.figures,
            events: events,
            trace: trace,
            calls: redis.calls
        )
    }

    /// True once nothing can happen any more that invariants are about.
    private var isSettled: Bool {
        isCalm && requestsLeft == 0 && requestsOpen == 0 && acts.isEmpty && snapshot.isAtRest
    }

    /// Takes in what the scripts did in this event, then checks every invariant.
    private func takeInChanges() {
        let keys = redis.takeChangedKeys()
        guard isDirty || !keys.isEmpty else { return }
        let before = snapshot.vms
        let changes = snapshot.update(keys, redis)
        followMoves(since: before)
        placed = [:]
        cameBack = Set(changes.filter(\.comesBack).map(\.job))
        for job in cameBack { ledger.deferred(job) }
        takeInPlaces(since: before)
        for change in changes { takeIn(change) }
        if !changes.isEmpty { wakeIdle() }
        check()
    }

    /// Writes down what happens; the text is made only where somebody wants it.
    func note(_ text: @autoclosure () -> String) {
        guard isTraced, !isOver else { return }
        let milliseconds = String(now % 1000)
        let padding = String(repeating: "0", count: 3 - milliseconds.utf8.count)
        trace.append("\(now / 1000).\(padding)\(milliseconds) \(text())")
    }

    /// How long a message is on its way, in ms: nearly always short.
    func delay() -> Int {
        if case .slowRedis(let time) = scenario.strain { return time / 2 }
        return scenario.strain == nil && random.chance(4) ? random.number(50...1_500) : random.number(1...8)
    }
}
