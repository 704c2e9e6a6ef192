import Model

extension LuaFile {
    /// The fragment `operations`: the table of some operations, as functions that make no table but the one they return.
    ///
    /// - `operation(kind)`: what the scripts need to know of an operation; nil where there is none.
    /// - `transition(kind, state, moment)`: the state of a VM that was in `state` when its job began, at `accept`, `start`,
    ///   `done`, `failed` or `dead`; `gone` where it goes; nil where the operation cannot begin in that state.
    /// - `may_become(from, to)`: whether a VM's state may change so, `none` and `gone` for no record.
    /// - `fields_of_other_queue(kind)`: of a VM's record, the fields that name the last jobs of the kinds that go through the
    ///   other queue, for a kind that may have to wait for one of those.
    /// - `takes_capacity(kind)`, `is_held_by_job(kind)`: of what its jobs claim, as `ClaimEffect` has it.
    init(_ operations: OperationRegistry) {
        let body = [
            Self.function("operation(kind)", operations.operations.map(Self.facts)),
            Self.function("transition(kind, state, moment)", operations.operations.map(Self.transitions)),
            Self.function("may_become(from, to)", Self.changes(operations.states)),
            Self.function("fields_of_other_queue(kind)", Self.fieldsOfOtherQueue(operations.operations)),
            Self.predicate("takes_capacity(kind)", operations.operations.filter(\.claim.takesCapacity)),
            Self.predicate("is_held_by_job(kind)", operations.operations.filter(\.claim.isHeldByJob)),
        ]
        self.init("operations", Array(body.joined(separator: "\n").utf8))
    }

    private static func function(_ head: String, _ lines: [String]) -> String {
        "local function \(head)\n\(lines.joined(separator: "\n"))\nend"
    }

    private static func fieldsOfOtherQueue(_ operations: [Operation]) -> [String] {
        let (claiming, direct) = (operations.filter(\.claim.isHeldByJob), operations.filter { !$0.claim.takesCapacity })
        func line(_ kinds: [Operation], wait others: [Operation]) -> [String] {
            let kinds = kinds.map { "kind == '\($0.kind.rawValue)'" }.joined(separator: " or ")
            let fields = others.map { "'\($0.jobField)'" }.joined(separator: ", ")
            return kinds.isEmpty || others.isEmpty ? [] : ["  if \(kinds) then return {\(fields)} end"]
        }
        return line(claiming, wait: direct) + line(direct, wait: claiming) + ["  return {}"]
    }

    /// Whether the kind is that of one of some operations.
    private static func predicate(_ head: String, _ operations: [Operation]) -> String {
        let kinds = operations.map { "kind == '\($0.kind.rawValue)'" }
        return function(head, ["  return \(kinds.isEmpty ? "false" : kinds.joined(separator: " or "))"])
    }

    private static func facts(of operation: Operation) -> String {
        let facts = [
            ("claim", operation.claim.rawValue), ("job_field", operation.jobField),
            ("initial", operation.initial?.rawValue), ("cleanup", operation.cleanup?.rawValue),
            ("expiry_field", operation.expiryField), ("first", operation.firstWithClaim?.name),
            ("undo", operation.canBeUndone ? "steps" : nil),
        ]
        let texts = facts.compactMap { name, value in value.map { "\(name) = '\($0)'" } }
        let flags = [("chooses_pm", operation.claim.choosesPM), ("is_held_by_job", operation.claim.isHeldByJob)]
        let names = flags.compactMap { name, isSet in isSet ? "\(name) = true" : nil }
        let table = (["steps = \(operation.steps.count)"] + texts + names).joined(separator: ", ")
        return "  if kind == '\(operation.kind.rawValue)' then return {\(table)} end"
    }

    private static func transitions(of operation: Operation) -> String {
        let accepts = operation.accepts.sorted { $0.key.rawValue < $1.key.rawValue }.map {
            "      if state == '\($0.key.rawValue)' then return '\($0.value.rawValue)' end"
        }
        let moments = StateRow.Moment.allCases.map { moment in
            block("moment == '\(moment.rawValue)'", rows(of: operation, at: moment))
        }
        let all = (accepts.isEmpty ? [] : [block("moment == 'accept'", accepts)]) + moments
        return "  if kind == '\(operation.kind.rawValue)' then\n\(all.joined(separator: "\n"))\n    return nil\n  end"
    }

    /// The rows with the same result in one line, the most common one last.
    private static func rows(of operation: Operation, at moment: StateRow.Moment) -> [String] {
        let groups = Dictionary(grouping: operation.states) { row in
            row[moment] == .keep ? "state" : "'\(row.state(at: moment)?.rawValue ?? "gone")'"
        }
        return groups.sorted { ($0.value.count, $0.key) < ($1.value.count, $1.key) }.map { result, rows in
            let states = rows.map { "state == '\($0.state.rawValue)'" }.joined(separator: " or ")
            return "      if \(states) then return \(result) end"
        }
    }

    private static func changes(_ table: StateTable) -> [String] {
        Dictionary(grouping: table.transitions) { $0.from?.rawValue ?? "none" }.sorted { $0.key < $1.key }
            .map { from, changes in
                let states = changes.map { "to == '\($0.to?.rawValue ?? "gone")'" }.sorted()
                return "  if from == '\(from)' then return \(states.joined(separator: " or ")) end"
            } + ["  return false"]
    }

    private static func block(_ condition: String, _ lines: [String]) -> String {
        "    if \(condition) then\n\(lines.joined(separator: "\n"))\n    end"
    }
}
