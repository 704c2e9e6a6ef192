/// Every change of a VM's state that may happen, by cause: those of the operations, and those that probes find.
///
/// The scripts of the store refuse any other.
package struct StateTable: Hashable, Sendable {
    /// One change; nil stands for a VM that has no record.
    package struct Transition: Hashable, Sendable {
        /// The state before.
        package let from: VMState?
        /// The state after.
        package let to: VMState?

        package init(from: VMState?, to: VMState?) {
            self.from = from
            self.to = to
        }
    }

    /// The changes; one that leaves the state as it is needs no permission.
    package let transitions: Set<Transition>

    /// The table of some operations.
    ///
    /// - Parameter operations: the operations.
    package init(_ operations: [Operation]) {
        var found = Self.observations
        for operation in operations {
            if let initial = operation.initial { found.insert(Transition(from: nil, to: initial)) }
            for (from, to) in operation.accepts { found.insert(Transition(from: from, to: to)) }
            for row in operation.states { found.formUnion(Self.transitions(of: row, in: operation, among: operations)) }
        }
        transitions = found.filter { $0.from != $0.to }
    }

    /// Whether a change may happen.
    ///
    /// - Parameters:
    ///   - from: the state before; nil for a VM that has no record.
    ///   - to: the state after; nil for a VM that goes.
    /// - Returns: true, too, where nothing changes.
    package func allows(_ from: VMState?, _ to: VMState?) -> Bool {
        from == to || transitions.contains(Transition(from: from, to: to))
    }

    /// The states that may follow one.
    ///
    /// - Parameter state: the state.
    /// - Returns: the states; a VM that goes has none.
    package func following(_ state: VMState) -> Set<VMState> {
        Set(transitions.compactMap { $0.from == state ? $0.to : nil })
    }

    /// Probes find a VM in any observed state, and adopt domains in any that has one.
    private static var observations: Set<Transition> {
        var found: Set<Transition> = []
        for state in VMState.observed {
            for other in VMState.observed { found.insert(Transition(from: state, to: other)) }
        }
        for state in VMState.withDomain { found.insert(Transition(from: nil, to: state)) }
        return found
    }

    private static func transitions(
        of row: StateRow,
        in operation: Operation,
        among operations: [Operation]
    ) -> Set<Transition> {
        let running = row.state(at: .start)
        var found = [Transition(from: row.state, to: running)]
        // What ends before it begins, as a create that no PM takes, ends from the row's own state.
        for state in Set([row.state, running].compactMap(\.self)) {
            for moment in [StateRow.Moment.done, .failed, .dead] {
                if moment == .done, state == row.state, !operation.steps.isEmpty { continue }
                found.append(Transition(from: state, to: row.state(at: moment)))
            }
        }
        // Given up, and tried again.
        if let initial = operation.initial { found.append(Transition(from: row.state(at: .dead), to: initial)) }
        if let running, operation.claim.choosesPM {
            // To another PM.
            found.append(Transition(from: running, to: operation.initial ?? row.state))
        }
        if let running, let cleanup = operations.first(where: { $0.kind == operation.cleanup }) {
            found.append(Transition(from: running, to: cleanup.row(for: .error)?.state(at: .start)))
        }
        // A hold that ends by itself.
        if operation.expiryField != nil { found.append(Transition(from: row.state(at: .done), to: nil)) }
        return Set(found)
    }
}
