import Model
import Yams

/// One value of a dictionary form, with its place.
struct DictionaryNode {
    let node: Node
    let places: Places

    var position: TextPosition { places.position(node.mark) }

    /// An error at this value.
    func error(_ code: CatalogError.Code, _ reason: String) -> CatalogError {
        places.source.error(code, at: position, reason)
    }

    /// True for a mapping in braces.
    var isMapping: Bool { node.mapping != nil }

    /// The mapping's values by key, each key one of `allowed`.
    ///
    /// - Parameters:
    ///   - subject: what the mapping is, for messages.
    ///   - allowed: the keys that it may have.
    ///   - required: the keys that it must have.
    /// - Returns: the values, with each of `required`.
    /// - Throws: `CatalogError` for the first fault.
    func members(
        of subject: String,
        allowed: [String],
        required: [String]
    ) throws(CatalogError) -> [String: DictionaryNode] {
        try refuseYAML()
        guard let mapping = node.mapping else {
            throw error(.wrongValue, "\(subject) is no dictionary: write {\"\(required[0])\": …}")
        }
        var members: [String: DictionaryNode] = [:]
        for (keyNode, value) in mapping {
            let entry = DictionaryNode(node: keyNode, places: places)
            let key = try entry.string("a key of \(subject)")
            guard allowed.contains(key) else {
                let names = "write \(allowed.joined(separator: ", "))" + allowed.didYouMean(key)
                throw entry.error(.unknownKey, "'\(key)' is no key of \(subject): \(names)")
            }
            members[key] = DictionaryNode(node: value, places: places)
        }
        for key in required where members[key] == nil {
            throw error(.missingKey, "\(subject) lacks '\(key)': add it")
        }
        return members
    }

    /// The list's values.
    func list(_ subject: String) throws(CatalogError) -> [DictionaryNode] {
        try refuseYAML()
        guard let sequence = node.sequence else {
            throw error(.wrongValue, "\(subject) is no list: write […]")
        }
        guard !sequence.isEmpty else { throw error(.empty, "\(subject) lists nothing: name at least one") }
        return sequence.map { DictionaryNode(node: $0, places: places) }
    }

    /// A string in quotes, on one line, without control characters.
    func string(_ subject: String) throws(CatalogError) -> String {
        try refuseYAML()
        guard let scalar = node.scalar, scalar.style == .doubleQuoted || scalar.style == .singleQuoted else {
            throw error(.wrongValue, "\(subject) is no string: put it in quotes")
        }
        guard closesOnItsLine(scalar.style) else {
            throw error(.malformed, "\(subject) does not end on the line where it begins: close the quote")
        }
        if scalar.style == .singleQuoted, scalar.string.contains("\\") {
            throw error(.malformed, "\(subject) has a backslash in single quotes: use double quotes, and write \\\\")
        }
        guard !scalar.string.unicodeScalars.contains(where: { $0 == "\t" || SourceText.isRefused($0) }) else {
            throw error(.notText, "\(subject) holds a control character: remove it")
        }
        return scalar.string
    }

    /// The text of a bare word, as numbers are; nil for all else.
    func bareWord() throws(CatalogError) -> String? {
        try refuseYAML()
        guard let scalar = node.scalar, scalar.style == .plain else { return nil }
        return scalar.string
    }

    /// A whole number in decimal, without a sign, point or exponent, within bounds.
    func wholeNumber(_ subject: String, in bounds: ClosedRange<Int>) throws(CatalogError) -> Int {
        let advice = "write a whole number from \(bounds.lowerBound) to \(bounds.upperBound)"
        guard let word = try bareWord() else {
            let what = node.scalar.map { "'\($0.string)' in quotes" } ?? "a list or a dictionary"
            throw error(.wrongValue, "\(subject) is \(what): \(advice)")
        }
        let digits = word.hasPrefix("-") ? word.dropFirst() : word[...]
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            digits == "0" || digits.first != "0"
        else {
            throw error(
                .wrongValue,
                word.isEmpty ? "\(subject) has no value: \(advice)" : "\(subject) is \(word): \(advice)"
            )
        }
        guard let number = Int(word), bounds.contains(number) else {
            throw error(.wrongValue, "\(subject) is \(word): \(advice)")
        }
        return number
    }

    /// Anchors, aliases (which bring their anchor's node) and tags show at the node's first character.
    private func refuseYAML() throws(CatalogError) {
        guard let first = places.source.rest(from: position).first, "&*!|>".unicodeScalars.contains(first) else {
            return
        }
        throw error(.malformed, "'\(first)' is YAML's, and only the form of a Python or JSON dictionary is taken")
    }

    /// YAML would join lines within quotes, and so make one entry of two.
    private func closesOnItsLine(_ style: Node.Scalar.Style) -> Bool {
        let quote: Unicode.Scalar = style == .doubleQuoted ? "\"" : "'"
        var rest = places.source.rest(from: position).dropFirst()
        while let scalar = rest.popFirst() {
            if scalar == "\\", style == .doubleQuoted {
                rest = rest.dropFirst()
            } else if scalar == quote {
                // In single quotes, two quotes stand for one.
                guard style == .singleQuoted, rest.first == quote else { return true }
                rest = rest.dropFirst()
            }
        }
        return false
    }
}
