import Model

/// What must hold after each step, whatever went wrong.
enum Invariant: String, Hashable, Sendable, CaseIterable {
    /// Claims on a PM are its VMs' needs, and never pass what may be promised.
    case i1 = "I1 (claims)"
    /// A VM has at most one domain, on the PM that its record names; no domain is without a record.
    case i2 = "I2 (domains)"
    /// Each accepted job is in exactly one place and reaches an end.
    case i3 = "I3 (jobs)"
    /// No claim and no disk is without an owner.
    case i4 = "I4 (owners)"
    /// Creates are placed in the order of acceptance, each against the headroom that those before it left.
    case i5 = "I5 (order)"
    /// Operations on one VM run in the order of acceptance, never two at once.
    case i6 = "I6 (one at a time)"
    /// What was acknowledged stays true.
    case i7 = "I7 (acknowledged)"
    /// The VMs of an atomic batch get their places at once, or are refused at once.
    case i8 = "I8 (batches)"
}

/// An invariant that does not hold.
struct Violation: Hashable, Sendable, CustomStringConvertible {
    let invariant: Invariant
    let text: String

    var description: String { "\(invariant.rawValue): \(text)" }
}

/// What is counted, so that tests see that a run comes through all of the protocol.
enum Figure: String, Hashable, Sendable, CaseIterable {
    case created
    case held
    case built
    case startedAgain
    case switchedOff
    case destroyed
    case failed
    case refused
    case recovered
    case givenUp
    case requeued
    case postponed
    case rescheduled
    case cleanedUp
    case lost
    case lateCalls
    case killed
    case frozen
    case stopped
    case waitedForRoom
    case woken
    case batchPlaced
    case batchRefused
    case moved
    case resized

    /// What only runs with more operations than the shipped ones come to.
    static let ofExamples: Set<Figure> = [.moved, .resized]
}

/// The history of a run, as far as invariants are about it.
struct Ledger {
    private(set) var violation: Violation?
    private(set) var figures: [Figure: Int] = [:]
    /// Every right to a job that was ever given.
    private(set) var leases: [HeldJob] = []
    /// The create that was placed or refused last, of those that had been neither before.
    private(set) var lastDecided = 0
    private(set) var decided: Set<JobID> = []
    /// Of each atomic batch, the jobs that were neither placed nor refused.
    private var undecided: [BatchID: Set<JobID>] = [:]
    /// VMs of which it was said that they run, and no destroy has begun.
    private(set) var running: Set<VMID> = []
    /// VMs of which it was said that they are gone.
    private(set) var gone: Set<VMID> = []
    /// VMs whose domain a destroy may have taken, though it failed in the end.
    private(set) var touched: Set<VMID> = []
    /// Creates that waited for the first probe of the only PM that they may go to: others may come before them.
    private var deferred: Set<JobID> = []
    /// Jobs whose lease somebody took away.
    var tampered: Set<JobID> = []

    /// Keeps one violation: of those that one event has shown, the first by its text.
    mutating func violate(_ invariant: Invariant, _ text: String) {
        let new = Violation(invariant: invariant, text: text)
        violation = [violation, new].compactMap(\.self).min { $0.description < $1.description }
    }

    mutating func count(_ figure: Figure, _ number: Int = 1) {
        if number > 0 { figures[figure, default: 0] += number }
    }

    mutating func removalBegan(_ vm: VMID) {
        touched.insert(vm)
        running.remove(vm)
    }

    mutating func started(_ lease: HeldJob) {
        leases.append(lease)
        tampered.remove(lease.job)
    }

    /// A VM that was said to run no longer does, for no fault of ours.
    mutating func switchedOff(_ vm: VMID) {
        count(.switchedOff)
        running.remove(vm)
    }

    mutating func deferred(_ job: JobID) { deferred.insert(job) }

    /// A create or a hold was placed or refused; the first time, it must be the oldest of those that were not before.
    mutating func decided(_ job: JobID) {
        guard decided.insert(job).inserted, !deferred.contains(job) else { return }
        if job.value < lastDecided { violate(.i5, "create \(job) is decided on after create \(lastDecided)") }
        lastDecided = job.value
    }

    /// The jobs of an atomic batch that are neither placed nor refused now: those that were before, or none of them; those whose VMs
    /// are to be destroyed may leave by themselves.
    ///
    /// - Returns: one of them, where they were decided on just now.
    mutating func undecided(_ jobs: Set<JobID>, of batch: BatchID, but leaving: Set<JobID>) -> JobID? {
        let before = undecided.updateValue(jobs, forKey: batch)?.subtracting(leaving)
        let jobs = jobs.subtracting(leaving)
        guard let before, jobs != before else { return nil }
        guard !jobs.isEmpty else { return before.first }
        violate(
            .i8,
            "of batch \(batch) the jobs \(before.subtracting(jobs).sorted()) were decided on, and \(jobs.sorted()) not"
        )
        return nil
    }

    /// A job has ended; `isThere` where its VM has a record still.
    mutating func ended(_ kind: Job.Kind, _ vm: VMID, _ state: Job.State, isThere: Bool) {
        switch (kind, state) {
        case (.create, .done):
            count(.created)
            running.insert(vm)
        case (.hold, .done): count(.held)
        case (.start, .done) where isThere:
            count(.startedAgain)
            running.insert(vm)
        case (.destroy, .done):
            count(.destroyed)
            running.remove(vm)
            gone.insert(vm)
        default: break
        }
    }
}
