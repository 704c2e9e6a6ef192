/// What becomes of a VM in one state by the jobs of one operation.
package struct StateRow: Hashable, Sendable {
    /// The VM's state when the job begins.
    package let state: VMState
    /// The state while the job runs; where the VM goes at once, the job needs no steps and is done.
    package let start: StateChange
    /// The state when the job is done.
    package let done: StateChange
    /// The state when the job has failed and has left nothing on its PM.
    package let failed: StateChange
    /// The state when the job was given up.
    package let dead: StateChange

    /// A row.
    ///
    /// - Parameters:
    ///   - state: the VM's state when the job begins.
    ///   - start: the state while the job runs.
    ///   - done: the state when the job is done.
    ///   - failed: the state when the job has failed and has left nothing on its PM.
    ///   - dead: the state when the job was given up.
    package init(
        _ state: VMState,
        start: StateChange,
        done: StateChange,
        failed: StateChange,
        dead: StateChange = .become(.error)
    ) {
        self.state = state
        self.start = start
        self.done = done
        self.failed = failed
        self.dead = dead
    }

    /// The state of the VM at a moment of the job.
    ///
    /// - Parameter moment: the moment.
    /// - Returns: nil where the VM has no record any more.
    package func state(at moment: Moment) -> VMState? {
        switch self[moment] {
        case .keep: state
        case .become(let other): other
        case .remove: nil
        }
    }

    /// The change at a moment of the job.
    package subscript(moment: Moment) -> StateChange {
        switch moment {
        case .start: start
        case .done: done
        case .failed: failed
        case .dead: dead
        }
    }

    /// When a job changes its VM's state.
    package enum Moment: String, Hashable, Sendable, CaseIterable {
        /// A worker takes the job.
        case start
        /// It ends as asked.
        case done
        /// It ends without success.
        case failed
        /// It is given up.
        case dead
    }
}

/// What a moment of a job does to its VM's state.
package enum StateChange: Hashable, Sendable {
    /// It is the state that the VM had before the job.
    case keep
    /// It is this state.
    case become(VMState)
    /// The VM no longer exists, and neither does its record.
    case remove
}
