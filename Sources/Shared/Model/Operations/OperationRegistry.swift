extension Operation {
    /// Every operation that there is.
    package static let all: [Operation] = [.create, .destroy, .start, .hold]
}

/// Operations by kind, with the table of states that follows from them.
package struct OperationRegistry: Hashable, Sendable {
    /// The operations, in the order in which they were given.
    package let operations: [Operation]
    /// The changes of a VM's state that they make.
    package let states: StateTable
    private let byKind: [Job.Kind: Operation]

    /// The operations of this project.
    package static let shipped = OperationRegistry(Operation.all)

    /// A registry.
    ///
    /// - Parameter operations: the operations, each of another kind.
    package init(_ operations: [Operation]) {
        self.operations = operations
        states = StateTable(operations)
        byKind = Dictionary(operations.map { ($0.kind, $0) }) { first, _ in first }
    }

    /// The operation of a kind; nil where there is none.
    package subscript(kind: Job.Kind) -> Operation? { byKind[kind] }
}
