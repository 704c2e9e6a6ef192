import API
import Model

extension StrictJSON {
    /// The form of the value that is read next; nil where it may be anything.
    var valueForm: Schema? {
        guard let level = open.last else { return form }
        if case .list(let element, _) = level.form { return element }
        return level.form?[field: level.field]
    }

    /// The value that is read next, in words: the names through which it is reached.
    var place: String {
        let names = open.map(\.field).filter { !$0.isEmpty }.joined(separator: ".")
        return names.isEmpty ? "the body" : "the field \(names.prefix(80))"
    }

    /// The value that is read next, as a JSON pointer.
    var pointer: String { JSONPointer.text(open.map(\.token)) }

    func fault(_ text: String) -> Failure { Failure(.invalidRequest, text, pointer: pointer) }

    // MARK: Values

    func check(_ number: Double) throws(Failure) {
        guard case .integer(let range) = valueForm else { return }
        guard number == number.rounded() else { throw fault("\(place) is no whole number") }
        guard let range, number < Double(range.lowerBound) || number > Double(range.upperBound) else { return }
        throw fault("\(place) is out of range: give \(range.lowerBound) to \(range.upperBound)")
    }

    func check(_ text: String) throws(Failure) {
        switch valueForm {
        case .string(let words) where !words.isEmpty && !words.contains(text):
            throw fault("\(place) is none of its words: give \(words.sorted().joined(separator: ", "))")
        case .pattern(_, let longest) where text.unicodeScalars.count > longest:
            throw fault("\(place) has \(text.unicodeScalars.count) characters: give up to \(longest)")
        default: return
        }
    }

    /// Refuses `null`: whoever means that there is none leaves the field out.
    func checkNull() throws(Failure) {
        guard let form = valueForm, form != .any else { return }
        throw fault(open.isEmpty ? "the body is no object" : "\(place) is null: give a value, or leave it out")
    }
}
