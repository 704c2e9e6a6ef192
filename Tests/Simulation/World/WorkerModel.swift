import Model
import Placement

/// One worker: what it holds and what it knows.
struct WorkerModel: Sendable {
    /// What becomes of its next call to Redis.
    enum CallFate: Sendable {
        case answered
        /// The script runs, and the reply is lost.
        case unanswered
        /// The client lost the reply, sends again, and the script runs twice.
        case repeated
    }

    enum Life: Sendable {
        case down
        case up
        case frozen
        /// It was told to stop: it takes nothing more.
        case stopping
    }

    var name: String
    let slots: Int
    /// How fast its clock runs, in hundredths, and by how much it is off, in ms.
    let clockRate: Int
    let clockOffset: Int
    var life = Life.down
    /// True once it was told to stop.
    var isStopping = false
    /// True once the jobs' time to end is over.
    var isGraceOver = false
    /// True from its plan to the answer of its claim.
    var isClaiming = false
    /// Grows at each start and end, so that what an earlier life waits for reaches nobody.
    var incarnation = 0
    /// The jobs that it runs, by the number of the run.
    var runs: [Int: JobRun] = [:]
    var fleet = FleetSnapshot()
    var fleetVersion = 0
    /// True while it has nothing to take and waits for a signal.
    var isIdle = false
    /// Tells the wait of now from those before.
    var wait = 0
    /// Redis is out of its reach until then.
    var cutOffUntil = 0
    var nextCall = CallFate.answered
    /// What came while it was frozen.
    var missed: [WorkerEvent] = []

    /// The time by its own clock.
    func clock(_ now: Int) -> Int { now * clockRate / 100 + clockOffset }
}

/// A job that a worker runs.
struct JobRun: Sendable {
    let lease: HeldJob
    let entry: QueueEntry
    let pm: PMID?
    /// When its lease was asked for last, by the worker's clock.
    var renewed: Int
    /// True while the worker keeps its lease alive.
    var isHeld = true
    /// True once the work was told to end.
    var isCancelled = false
    /// The furthest step that this run or an earlier one may have begun on the PM.
    var furthest: JobStep?
    /// Until when the outcome is tried to be written, by the worker's clock.
    var writesUntil: Int?
}

/// What happens to a worker, in the order in which it hears of it.
enum WorkerEvent: Sendable {
    /// Looks at the queue.
    case peek(wait: Int)
    /// Has planned and claims.
    case claim([PlannedStep], roomVersion: Int, asked: Int)
    /// Hears what became of its claim; nil where Redis did not answer.
    case claimed(ClaimAnswer?, [PlannedStep], asked: Int)
    /// Renews its leases.
    case beat
    /// Hears which of them it has lost.
    case beaten([JobID]?, of: [HeldJob], asked: Int)
    /// Looks whether a lease could not be renewed in time.
    case overdue
    case sweep
    /// Takes PMs that are due for a look.
    case takeLooks
    /// Writes what a look has found.
    case looked(PhysicalMachine)
    /// Stops the jobs that are still under way.
    case graceIsOver
    /// Goes on with a job.
    case run(Int, RunEvent)
}

/// What happens to a job that a worker runs.
enum RunEvent: Sendable {
    case begin
    /// The VM's record is there or not; nil where Redis did not answer.
    case read(Bool?)
    /// Whether the job is still the worker's, who asked at that time by its clock.
    case entered(JobStep, StepAnswer?, asked: Int)
    case acted(JobStep, FailureCode?)
    /// The same, before it takes away what a create has made that failed so.
    case mayUndo(StepAnswer?, after: FailureCode, asked: Int)
    case undone(FailureCode?, after: FailureCode)
    case write(RunOutcome)
    /// How many tries of the job failed before.
    case decide(RunOutcome, tries: Int?)
    case wrote(RunOutcome, Bool?)
}

/// How a try ended.
enum RunOutcome: Hashable, Sendable {
    case done
    case failed(FailureCode, isClean: Bool)
}
