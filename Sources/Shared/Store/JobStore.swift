package import Model
package import Telemetry

/// What the parts of a worker that run jobs need of the store: `Store` is the real one.
///
/// Every change is one script that is fenced by the lease's epoch: it says false, or `lost`, where the job is another
/// worker's by then, and changes nothing.
package protocol JobStore: Sendable {
    /// What a job is about, where, and what it came from.
    func subject(of entry: QueueEntry, at pm: PMID) async throws(Failure) -> JobSubject

    /// Writes the addresses of VMs of a PM where they have changed; returns the VMs whose records say so now.
    func note(_ findings: [AddressFinding], on pm: PMID) async throws(Failure) -> Set<VMID>

    /// What is registered of an image's file; nil where there is no such image.
    func imageRegistration(_ id: ImageID) async throws(Failure) -> ImageRegistration?

    /// What a VM's seed disk is made of; nil for a VM without one.
    func seed(of vm: VirtualMachine) async throws(Failure) -> GuestSeed?

    /// How many attempts at a job failed so far.
    func tries(of job: JobID) async throws(Failure) -> Int

    /// Whether another worker that lives has reached a PM lately.
    func isReached(_ pm: PMID, byOtherThan worker: String) async throws(Failure) -> Bool

    /// The step log of a job, by the numbers of its lines.
    func steps(of job: JobID) async throws(Failure) -> [Int: StepRecord]

    /// Says that a step begins, and renews the lease where that is asked for: the fence before each action on a PM.
    func beginStep(_ step: StepBegin, of lease: Lease, for duration: Duration?) async throws(Failure) -> StepPermit

    /// Notes on a job what it leaves on the PM.
    func note(left files: [String], by lease: Lease) async throws(Failure)

    /// Writes a job's outcome.
    func finish(_ lease: Lease, by worker: String, _ ending: JobEnding) async throws(Failure) -> Bool

    /// Puts a job back to its place in the queue as it is.
    func requeue(_ lease: Lease, reason: String, writing steps: [StepWrite]) async throws(Failure) -> Bool

    /// Puts a job off; it has its PM still.
    func postpone(
        _ lease: Lease,
        by delay: Duration,
        because failure: Failure,
        writing steps: [StepWrite]
    ) async throws(Failure) -> Bool

    /// Sends a job that has left nothing on its PM to another one.
    func reschedule(
        _ lease: Lease,
        because failure: Failure,
        penalizesPM: Bool,
        writing steps: [StepWrite]
    ) async throws(Failure) -> Bool

    /// Extends leases; returns the jobs that are no longer the worker's.
    func renew(_ leases: [Lease], for duration: Duration) async throws(Failure) -> [JobID]

    /// Says that a worker lives; returns false where its name is another instance's.
    func announce(_ worker: WorkerRecord, jobs: Int, lifetime: Duration) async throws(Failure) -> Bool

    /// Releases a worker's name.
    func unregister(_ worker: WorkerRecord) async throws(Failure)

    /// Brings back jobs whose lease ran out and jobs that are due; gives up those that keep ending their workers.
    /// `isCountingCrashes` says whether a lease that ran out means that its job has ended its worker.
    func sweep(isCountingCrashes: Bool) async throws(Failure) -> SweepOutcome
}

extension Store: JobStore {}

/// A step that is to begin.
package struct StepBegin: Hashable, Sendable {
    /// What the operation calls it; nil where steps are to be undone.
    package let name: String?
    /// Whether the job was never as far as that: what ended its workers before is not the job itself.
    package let isProgress: Bool
    /// The lines of the step log to write.
    package let writes: [StepWrite]

    /// A step.
    ///
    /// - Parameters:
    ///   - name: what the operation calls it; nil where steps are to be undone.
    ///   - isProgress: whether the job was never as far as that.
    ///   - writes: the lines of the step log to write.
    package init(_ name: String?, isProgress: Bool, writing writes: [StepWrite]) {
        self.name = name
        self.isProgress = isProgress
        self.writes = writes
    }
}

/// Whether a worker may take the next step of a job.
package enum StepPermit: Hashable, Sendable {
    /// It may; and when that was, by the clock of Redis.
    case go(at: String)
    /// The PM takes no VMs any more, and nothing was made there yet.
    case closed
    /// The job was cancelled: what it has made is to be undone.
    case cancelled
    /// The job is another worker's, or has ended.
    case lost
}

/// How a job ends.
package struct JobEnding: Hashable, Sendable {
    /// Why it did not succeed; nil where it did.
    package let failure: Failure?
    /// Until a job of its own removes what this one may have left; nil where it has left nothing.
    package let cleanupDelay: Duration?
    /// Whether the failure counts against the PM.
    package let penalizesPM: Bool
    /// The lines of the step log to write.
    package let writes: [StepWrite]

    /// An ending.
    ///
    /// - Parameters:
    ///   - failure: why it did not succeed; nil where it did.
    ///   - cleanupDelay: until a job of its own removes what this one may have left.
    ///   - penalizesPM: whether the failure counts against the PM.
    ///   - writes: the lines of the step log to write.
    package init(
        failure: Failure? = nil,
        cleanupDelay: Duration? = nil,
        penalizesPM: Bool = false,
        writing writes: [StepWrite] = []
    ) {
        self.failure = failure
        self.cleanupDelay = cleanupDelay
        self.penalizesPM = penalizesPM
        self.writes = writes
    }
}

/// What a job is about, where, and what it came from.
package struct JobSubject: Sendable {
    /// The VM's record; nil where there is none.
    package let status: VMStatus?
    /// The record of its PM; nil where there is none.
    package let machine: PhysicalMachine?
    /// What is registered of the image that its entry names; nil where there is none.
    package let image: ImageRegistration?
    package let origin: JobOrigin

    package init(
        status: VMStatus?,
        machine: PhysicalMachine?,
        image: ImageRegistration? = nil,
        origin: JobOrigin
    ) {
        (self.status, self.machine, self.image, self.origin) = (status, machine, image, origin)
    }
}

/// The request that a job came from.
package struct JobOrigin: Hashable, Sendable {
    /// Its id; nil where none made the job.
    package var request: String?
    /// Where it stands in a trace of its caller.
    package var trace: TraceContext?

    package init(request: String? = nil, trace: TraceContext? = nil) {
        (self.request, self.trace) = (request, trace)
    }
}
