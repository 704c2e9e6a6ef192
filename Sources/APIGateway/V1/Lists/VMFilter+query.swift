import API
import Model
import Store

extension VMFilter {
    /// Reads the filters in a query: `name`, `state`, `pm_id`, and `label=KEY=VALUE` once or more.
    init(_ query: QueryArguments) throws(Failure) {
        self.init()
        if let name = query["name"] { self.name = try VMName.validated(name) }
        if let text = query["state"] {
            guard let state = VMState(rawValue: text) else {
                let states = VMState.allCases.map(\.rawValue).joined(separator: ", ")
                throw Failure(.invalidRequest, "'\(text.prefix(40))' is no state of a VM: there are \(states)")
            }
            self.state = state
        }
        pm = try query.optionalIdentifier("pm_id")
        for word in query.texts("label") {
            guard let label = VMNotes.labels(words: word), label.count == 1, let (key, value) = label.first else {
                throw Failure(.invalidRequest, "label=\(word.prefix(40)) is no label: give label=KEY=VALUE")
            }
            guard labels.updateValue(value, forKey: key) ?? value == value else {
                throw Failure(.invalidRequest, "no VM has two values of the label \(key): give one")
            }
        }
    }
}
