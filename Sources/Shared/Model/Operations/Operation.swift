/// A kind of work as plain data: what it is about, what capacity it takes, its steps, and what becomes of its VM.
///
/// One runner executes any operation, and the scripts of the store read a table that is generated from these values. So a
/// new operation is a value in a file of its own, and a line in `all`.
package struct Operation: Hashable, Sendable {
    /// What it is called in Redis and in the API.
    package let kind: Job.Kind
    /// What its jobs are about.
    package let subject: Subject
    /// What its jobs do to the capacity that is claimed on PMs.
    package let claim: ClaimEffect
    /// What is done on the PM, in this order; none where the claim alone does it.
    package let steps: [OperationStep]
    /// What becomes of a job whose attempt failed.
    package let retry: RetryPolicy
    /// The states of a VM in which a job may begin, each with the states that follow; one row a state.
    package let states: [StateRow]
    /// The state of the VM that is made when a job is accepted; nil where the VM must be there already.
    package let initial: VMState?
    /// The states of a VM that change when a job is accepted, with what they become.
    package let accepts: [VMState: VMState]
    /// The operation that removes what a failed job may have left on its PM, once that PM answers; nil for none.
    package let cleanup: Job.Kind?
    /// The field of a VM's record that names the last job of this kind.
    package let jobField: String
    /// The field of the job's record that says for how many seconds the VM stays in the state of `done`; nil for ever.
    package let expiryField: String?

    /// An operation.
    ///
    /// - Parameters:
    ///   - kind: what it is called in Redis and in the API.
    ///   - subject: what its jobs are about.
    ///   - claim: what its jobs do to the capacity that is claimed on PMs.
    ///   - steps: what is done on the PM.
    ///   - retry: what becomes of a job whose attempt failed.
    ///   - states: the states of a VM in which a job may begin.
    ///   - initial: the state of the VM that is made when a job is accepted.
    ///   - accepts: the states of a VM that change when a job is accepted.
    ///   - cleanup: the operation that removes what a failed job may have left.
    ///   - jobField: the field of a VM's record that names the last job of this kind.
    ///   - expiryField: the field of the job's record that says for how many seconds the state of `done` lasts.
    package init(
        kind: Job.Kind,
        subject: Subject,
        claim: ClaimEffect,
        steps: [OperationStep],
        retry: RetryPolicy,
        states: [StateRow],
        initial: VMState? = nil,
        accepts: [VMState: VMState] = [:],
        cleanup: Job.Kind? = nil,
        jobField: String,
        expiryField: String? = nil
    ) {
        self.kind = kind
        self.subject = subject
        self.claim = claim
        self.steps = steps
        self.retry = retry
        self.states = states
        self.initial = initial
        self.accepts = accepts
        self.cleanup = cleanup
        self.jobField = jobField
        self.expiryField = expiryField
    }

    /// What jobs are about.
    package enum Subject: String, Hashable, Sendable {
        /// One virtual machine.
        case vm
        /// One physical machine.
        case pm
        /// One image.
        case image
    }

    /// The step that begins with the claim of a new job, for which the claim is fence enough; nil for none.
    ///
    /// It leaves nothing of the VM on the PM, so that a worker that cannot begin it has nothing to undo.
    package var firstWithClaim: OperationStep? { steps.first.flatMap { $0.leaves == .nothing ? $0 : nil } }

    /// Whether a job that has begun its steps can be cancelled: what they leave is taken away again.
    package var canBeUndone: Bool { steps.contains { $0.undo != nil } }

    /// Finds the row of a state.
    ///
    /// - Parameter state: the VM's state when the job begins.
    /// - Returns: nil where the operation cannot begin in that state.
    package func row(for state: VMState) -> StateRow? { states.first { $0.state == state } }
}

/// What a job does to the capacity that is claimed on PMs.
package enum ClaimEffect: String, Hashable, Sendable {
    /// Nothing: the VM keeps what it has.
    case none
    /// The VM gets a place, and claims what it needs there; where the job fails, the claim is released.
    case place
    /// The claim is released when the job is done.
    case release
    /// The job claims what its VM needs on a second PM, and the VM keeps its claim on the first one. When the job is done,
    /// the second PM is the VM's and the first claim is released; where it fails, the second one is.
    case secondPM = "second_pm"
    /// The job claims by what its VM grows, on the VM's own PM. When the job is done, the VM needs that much more, or less
    /// where it shrinks; where it fails, the claim is released.
    case resize

    /// Whether the job waits its turn for capacity, in strict order with all others that do.
    package var takesCapacity: Bool { self == .place || isHeldByJob }

    /// Whether a PM is chosen for the job.
    package var choosesPM: Bool { self == .place || self == .secondPM }

    /// Whether the job holds a claim of its own while it is under way, in addition to that of its VM.
    package var isHeldByJob: Bool { self == .secondPM || self == .resize }
}

/// One fenced action on a PM; repeating it does no harm.
package struct OperationStep: Hashable, Sendable {
    /// What it is called in the step log.
    package let name: String
    /// What is done.
    package let action: StepAction
    /// What is on the PM from the moment it begins.
    package let leaves: Residue
    /// What takes that away again; nil where nothing needs to be.
    package let undo: StepAction?

    /// What a step may leave on its PM.
    package enum Residue: String, Hashable, Sendable {
        /// Nothing that belongs to the VM.
        case nothing
        /// Something of the VM's own.
        case ofVM
    }

    /// A step.
    ///
    /// - Parameters:
    ///   - name: what it is called in the step log.
    ///   - action: what is done.
    ///   - leaves: what is on the PM from the moment it begins.
    ///   - undo: what takes that away again.
    package init(
        _ name: String,
        _ action: StepAction,
        leaves: Residue = .nothing,
        undo: StepAction? = nil
    ) {
        self.name = name
        self.action = action
        self.leaves = leaves
        self.undo = undo
    }
}

/// The name of one thing that can be done on a PM; the worker has one call of the driver for each.
package struct StepAction: RawRepresentable, Hashable, Sendable, ExpressibleByStringLiteral {
    /// The name.
    package let rawValue: String

    package init(rawValue: String) { self.rawValue = rawValue }

    package init(stringLiteral name: StaticString) { rawValue = "\(name)" }
}
