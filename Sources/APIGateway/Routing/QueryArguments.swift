import API
import Model

/// The arguments of a call, from the query of its URI (`application/x-www-form-urlencoded`).
///
/// Strict: an argument that is given twice, unknown, badly encoded or not UTF-8 is refused.
struct QueryArguments: Sendable {
    private let values: [String: [String]]

    init(query: String, of parameters: [QueryParameter]) throws(Failure) {
        var values: [String: [String]] = [:]
        for pair in query.split(separator: "&", omittingEmptySubsequences: true) {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = try PercentEncoding.decoded(parts[0], plusIsBlank: true)
            let value = try PercentEncoding.decoded(parts.count == 2 ? parts[1] : "", plusIsBlank: true)
            let isFirst = values[name] == nil
            guard isFirst || parameters.contains(where: { $0.name == name && $0.isRepeatable }) else {
                throw Failure(.invalidRequest, "the argument \(Self.shown(name)) is given twice: give it once")
            }
            values[name, default: []].append(value)
        }
        self.values = values
        try allow(parameters.map(\.name))
        for parameter in parameters { try check(parameter) }
    }

    /// Refuses a flag that is none, and numbers and words out of range, whether the call looks at them or not.
    private func check(_ parameter: QueryParameter) throws(Failure) {
        guard let text = self[parameter.name] else { return }
        let words: [String]
        switch parameter.kind {
        case .text, .identifier: return
        case .number(let range):
            _ = try number(parameter.name, in: range)
            return
        case .flag: words = ["true", "false"]
        case .word(let known): words = known
        }
        guard !words.contains(text) else { return }
        let known = words.joined(separator: ", ")
        throw Failure(.invalidRequest, "\(parameter.name)=\(Self.shown(text)) is unknown: give one of \(known)")
    }

    /// Refuses all other arguments.
    private func allow(_ names: [String]) throws(Failure) {
        let unknown = values.keys.sorted().first { !names.contains($0) }
        guard let unknown else { return }
        let known = names.isEmpty ? "it takes none" : "it takes " + names.joined(separator: ", ")
        throw Failure(.invalidRequest, "the argument \(Self.shown(unknown)) is unknown to this call: \(known)")
    }

    /// All arguments, by their names.
    var sorted: [(name: String, value: String)] {
        values.sorted { $0.key < $1.key }.flatMap { name, texts in texts.map { (name, $0) } }
    }

    /// An argument's text; nil where it is not given.
    subscript(name: String) -> String? { values[name]?.first }

    /// All texts of an argument that may be given more than once.
    func texts(_ name: String) -> [String] { values[name] ?? [] }

    /// An argument's text.
    func text(_ name: String) throws(Failure) -> String {
        guard let value = self[name] else { throw Failure(.invalidRequest, "the argument \(name) is missing") }
        return value
    }

    /// A number in a range; nil where it is not given.
    func number(_ name: String, in range: ClosedRange<Int>) throws(Failure) -> Int? {
        guard let text = self[name] else { return nil }
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text), range.contains(number)
        else {
            let limits = "\(range.lowerBound) to \(range.upperBound)"
            throw Failure(.invalidRequest, "\(name)=\(Self.shown(text)) is no whole number from \(limits)")
        }
        return number
    }

    /// An argument that is a number of ours; nil where it is not given.
    func optionalIdentifier<Entity>(_ name: String) throws(Failure) -> Identifier<Entity>? {
        self[name] == nil ? nil : try identifier(name)
    }

    /// An argument that is a number of ours.
    func identifier<Entity>(_ name: String) throws(Failure) -> Identifier<Entity> {
        let text = try text(name)
        guard let identifier = Identifier<Entity>(text) else {
            throw Failure(.invalidRequest, "\(name)=\(Self.shown(text)) is no number of 1 or more")
        }
        return identifier
    }

    /// One of the words of an argument; nil where it is not given.
    func word<Word: RawRepresentable<String>>(_ name: String, of words: [Word]) throws(Failure) -> Word? {
        guard let text = self[name] else { return nil }
        guard let word = words.first(where: { $0.rawValue == text }) else {
            let known = words.map(\.rawValue).joined(separator: ", ")
            throw Failure(.invalidRequest, "\(name)=\(Self.shown(text)) is unknown: give one of \(known)")
        }
        return word
    }

    private static func shown(_ text: String) -> String { "'\(text.prefix(40))'" }
}
