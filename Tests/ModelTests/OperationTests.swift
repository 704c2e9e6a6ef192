import Model
import Testing

@Suite("Operations")
struct OperationTests {
    @Test("Each operation is registered once, under a name that can stand in Redis")
    func registry() {
        #expect(Set(Operation.all.map(\.kind)).count == Operation.all.count)
        for operation in Operation.all {
            #expect(OperationRegistry.shipped[operation.kind] == operation)
            #expect(Job.Kind(rawValue: operation.kind.rawValue) == operation.kind)
        }
        #expect(OperationRegistry.shipped["evaporate"] == nil)
        for name in ["", "Create", "a b", "a'", String(repeating: "a", count: 33)] {
            #expect(Job.Kind(rawValue: name) == nil)
        }
    }

    @Test("What a step leaves of the VM has an undo, and what may be left over has an operation that removes it")
    func undo() {
        for operation in Operation.all {
            for step in operation.steps where step.leaves == .ofVM { #expect(step.undo != nil, "\(step.name)") }
            #expect(Set(operation.steps.map(\.name)).count == operation.steps.count)
            guard operation.steps.contains(where: { $0.leaves == .ofVM }) else { continue }
            let cleanup = operation.cleanup.flatMap { OperationRegistry.shipped[$0] }
            #expect(cleanup?.claim == .release)
            // It begins from `error`, whatever has happened to the VM before.
            #expect(cleanup?.row(for: .error) != nil)
        }
    }

    @Test("An undo is something that an operation does as a step, too: it is safe to repeat")
    func undoIsAStep() {
        let actions = Set(Operation.all.flatMap(\.steps).map(\.action))
        for step in Operation.all.flatMap(\.steps) {
            if let undo = step.undo { #expect(actions.contains(undo)) }
        }
    }

    @Test("Each operation has one row a state, and can end from each state in which it runs")
    func rows() {
        for operation in Operation.all {
            #expect(Set(operation.states.map(\.state)).count == operation.states.count)
            #expect(!operation.states.isEmpty)
            for row in operation.states {
                // A job that is taken up again finds the state in which it runs.
                if let running = row.state(at: .start) { #expect(operation.row(for: running) != nil) }
            }
            if let initial = operation.initial { #expect(operation.row(for: initial) != nil) }
            for state in operation.accepts.values { #expect(operation.row(for: state) != nil) }
        }
    }

    @Test("Only an operation that takes capacity makes a VM, and only one that releases it removes a running one")
    func claims() {
        for operation in Operation.all {
            if operation.initial != nil { #expect(operation.claim == .place) }
            for row in operation.states where VMState.withDomain.contains(row.state) {
                if StateRow.Moment.allCases.contains(where: { row[$0] == .remove }) {
                    #expect(operation.claim == .release)
                }
            }
        }
    }
}

@Suite("The table of a VM's states")
struct StateTableTests {
    private let table = OperationRegistry.shipped.states

    private func reached(from state: VMState) -> Set<VMState> {
        var found: Set<VMState> = [state]
        while case let more = found.union(found.flatMap(table.following)), more != found { found = more }
        return found
    }

    @Test("Every state is reached from the first")
    func reachable() {
        #expect(reached(from: .queued) == Set(VMState.allCases))
    }

    @Test("Every state has a way out, and can be destroyed and go", arguments: VMState.allCases)
    func wayOut(state: VMState) {
        #expect(!table.following(state).isEmpty)
        #expect(!table.following(state).contains(state))
        #expect(reached(from: state).contains(.destroying))
        #expect(reached(from: state).contains { table.allows($0, nil) })
    }

    @Test("Nothing becomes what no operation and no probe makes of it")
    func refused() {
        for state in VMState.allCases {
            #expect(table.allows(state, state))
            // What has a domain was built; what was built is never placed anew.
            if VMState.withDomain.contains(state) {
                #expect(!table.allows(state, .queued) && !table.allows(state, .held) && !table.allows(state, .building))
                #expect(!table.allows(.queued, state) && !table.allows(.held, state))
                #expect(!table.allows(state, nil), "\(state) is forgotten without a destroy")
            }
        }
        #expect(!table.allows(nil, .destroying) && !table.allows(.held, .building))
        #expect(table.allows(.queued, nil) && table.allows(.held, nil) && table.allows(.destroying, nil))
        #expect(table.allows(.building, .destroying), "a failed create is cleaned up")
        #expect(table.allows(.building, .queued), "a create goes to another PM")
    }

    @Test("The table has what its operations say and no more")
    func derived() {
        #expect(StateTable([]).transitions.allSatisfy { $0.to.map(VMState.observed.contains) == true })
        let restart = Operation(
            kind: "restart",
            subject: .vm,
            claim: .none,
            steps: [OperationStep("start", .ensureRunning)],
            retry: RetryPolicy(),
            states: [StateRow(.held, start: .become(.paused), done: .become(.stopped), failed: .keep, dead: .keep)],
            jobField: "restart_job"
        )
        let added = StateTable([restart]).transitions.subtracting(StateTable([]).transitions)
        #expect(added == [StateTable.Transition(from: .held, to: .paused), .init(from: .paused, to: .held)])
    }
}
