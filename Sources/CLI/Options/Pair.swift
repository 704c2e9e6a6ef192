/// `KEY=VALUE` of a command line.
struct Pair: Hashable, Sendable {
    let key: String
    let value: String

    /// - Throws: ``CommandFailure`` where there is no key.
    init(_ text: String, of what: String) throws(CommandFailure) {
        guard let sign = text.firstIndex(of: "="), sign > text.startIndex else {
            throw .usage("'\(text)' is no \(what): write KEY=VALUE")
        }
        key = String(text[..<sign])
        value = String(text[text.index(after: sign)...])
    }

    /// - Throws: ``CommandFailure`` where one has no key, or two have the same.
    static func dictionary(_ texts: [String], of what: String) throws(CommandFailure) -> [String: String] {
        var pairs: [String: String] = [:]
        for text in texts {
            let pair = try Pair(text, of: what)
            guard pairs.updateValue(pair.value, forKey: pair.key) == nil else {
                throw .usage("the \(what) '\(pair.key)' is given twice")
            }
        }
        return pairs
    }
}
