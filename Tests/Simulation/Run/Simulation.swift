import Model

/// One run of gateway, workers, PMs and Redis in virtual time, with faults; all of it follows from the seed.
///
/// There is no clock, no thread and no I/O: what happens next is the next event of the timeline. After each step the
/// invariants are checked, and the first one that does not hold ends the run.
final class Simulation {
    /// What may happen.
    enum Event {
        /// A client asks for something.
        case request
        /// Something goes wrong.
        case fault
        /// A worker that is down is started.
        case start(Int)
        /// A worker that was frozen goes on.
        case thaw(Int, incarnation: Int)
        /// Something happens to a worker, in that life of it.
        case worker(Int, incarnation: Int, WorkerEvent)
        /// An act reaches its PM.
        case landing(Landing)
        /// A PM behaves well again.
        case recovery(PMID, mood: HostModel.Mood)
        /// People open a PM again, or list it again.
        case opening(PMID)
        /// The images can be used again.
        case imagesBack
        /// All faults end.
        case calm
    }

    /// How a run ended.
    struct Report {
        /// The first violation; nil where there was none.
        let violation: Violation?
        /// What happened how many times.
        let figures: [Figure: Int]
        /// The steps that were taken.
        let steps: Int
        /// What happened, a line a step; empty where nobody asked for it.
        let trace: [String]
    }

    let seed: UInt64
    let scenario: Scenario
    let logic: WorkerLogic
    let sabotage: Sabotage
    let isTraced: Bool
    var random: SplitMix64
    var now = 0
    var store: StoreModel
    var hosts: [HostModel] = []
    var workers: [WorkerModel] = []
    var timeline = Timeline<Event>()
    var ledger = Ledger()
    var trace: [String] = []
    /// Acts under way, by number.
    var acts: [Int: Landing] = [:]
    var actCount = 0
    var runCount = 0
    var names = 0
    var requestsLeft: Int
    var areImagesUsable = true
    /// VMs whose create kills its worker, with the step at which it does.
    var poison: [VMID: JobStep] = [:]
    /// PMs with a change that ends by itself.
    var closed: Set<PMID> = []
    var isCalm = false
    /// True where the step has changed something that invariants are about, beside the records.
    var isDirty = false

    /// Prepares a run.
    ///
    /// - Parameters:
    ///   - seed: everything follows from it.
    ///   - logic: the workers' decisions.
    ///   - sabotage: rules to break.
    ///   - hazards: faults beyond what the protocol can bear alone.
    ///   - isTraced: whether to write down what happens.
    init(
        seed: UInt64,
        logic: WorkerLogic,
        sabotage: Sabotage = [],
        hazards: Set<Scenario.Hazard> = [],
        isTraced: Bool = false
    ) {
        self.seed = seed
        self.logic = logic
        self.sabotage = sabotage
        self.isTraced = isTraced
        random = SplitMix64(seed: seed)
        scenario = Scenario(&random, hazards: hazards)
        store = StoreModel(types: Scenario.types, sabotage: sabotage)
        requestsLeft = scenario.requests
        setUp()
    }

    /// Runs to the end: to the first violation, or until all faults are over and every job has ended.
    func run() -> Report {
        var steps = 0
        var violation: Violation?
        let limit = scenario.faultsUntil + Scenario.settlingTime
        while violation == nil, !isSettled, now < limit, let (time, event) = timeline.next() {
            (now, store.now) = (time, time)
            steps += 1
            isDirty = false
            let changes = store.changes
            handle(event)
            violation = ledger.violation
            if isDirty || store.changes != changes { violation = violation ?? check() }
        }
        violation = violation ?? checkEnd()
        if let violation { note("VIOLATION \(violation)") }
        return Report(violation: violation, figures: ledger.figures, steps: steps, trace: trace)
    }

    /// True once nothing can happen any more that invariants are about.
    private var isSettled: Bool {
        isCalm && requestsLeft == 0 && acts.isEmpty && workers.allSatisfy(\.runs.isEmpty)
            && store.jobs.allSatisfy(\.state.isFinal) && store.queue.isEmpty
    }

    private func handle(_ event: Event) {
        switch event {
        case .request: request()
        case .fault: fault()
        case .start(let worker): start(worker)
        case .thaw(let worker, let incarnation): thaw(worker, incarnation)
        case .worker(let worker, let incarnation, let event): reach(worker, incarnation, event)
        case .landing(let landing): land(landing)
        case .recovery(let pm, let mood): recover(pm, from: mood)
        case .opening(let pm): open(pm)
        case .imagesBack: areImagesUsable = true
        case .calm: calm()
        }
    }

    /// Writes down what happens; the text is made only where somebody wants it.
    func note(_ text: @autoclosure () -> String) {
        guard isTraced else { return }
        let milliseconds = String(now % 1000)
        let padding = String(repeating: "0", count: 3 - milliseconds.utf8.count)
        trace.append("\(now / 1000).\(padding)\(milliseconds) \(text())")
    }

    /// How long a message is on its way, in ms: nearly always short.
    func delay() -> Int {
        random.chance(96) ? random.number(1...8) : random.number(50...1_500)
    }
}
