/// A fragment in its statements, of which those can be left out that a script does not need.
///
/// Each call of a script makes all of its functions anew, which costs more than what many scripts do.
struct LuaStatements: Sendable {
    private struct Statement: Sendable {
        let text: String
        /// What it declares; empty for one that does something and so is always needed.
        let names: Set<String>
        /// All words in it, whatever they mean there: more is kept than need be rather than less.
        let words: Set<String>
    }

    private let statements: [Statement]

    /// Splits a text.
    ///
    /// A statement begins with a line that is not indented and closes nothing; comments before it belong to it.
    init(_ text: String) {
        var parts: [[Substring]] = []
        var isOpen = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let begins = Self.begins(line)
            if parts.isEmpty || begins && !isOpen {
                parts.append([line])
            } else {
                parts[parts.count - 1].append(line)
            }
            if begins { isOpen = line.hasPrefix("--") }
        }
        statements = parts.map { lines in
            let code = lines.filter { !$0.hasPrefix("--") }
            return Statement(
                text: lines.joined(separator: "\n"),
                names: Self.names(in: code.first ?? ""),
                words: Set(code.flatMap(Self.words))
            )
        }
    }

    /// What the statements declare.
    var names: Set<String> { statements.reduce(into: []) { $0.formUnion($1.names) } }

    /// The words of all statements.
    var words: Set<String> { statements.reduce(into: []) { $0.formUnion($1.words) } }

    /// The statements that are needed, in their order.
    ///
    /// - Parameter words: the words of what comes behind; those of what is kept are added.
    /// - Returns: the text.
    func needed(by words: inout Set<String>) -> String {
        var kept: [String] = []
        // Nothing refers to what is declared behind it, so one pass from the end on finds all.
        for statement in statements.reversed() where statement.names.isEmpty || !statement.names.isDisjoint(with: words)
        {
            words.formUnion(statement.words)
            kept.append(statement.text)
        }
        return kept.reversed().joined(separator: "\n")
    }

    private static func begins(_ line: Substring) -> Bool {
        guard let first = line.first, !" })".contains(first) else { return false }
        let word = line.prefix { $0.isLetter || $0 == "_" }
        return !["end", "else", "elseif", "until"].contains(word)
    }

    /// The names in `local function a(…)` or `local a, b = …`.
    private static func names(in line: Substring) -> Set<String> {
        guard line.hasPrefix("local ") else { return [] }
        let declared = line.dropFirst("local ".count)
        guard declared.hasPrefix("function ") else { return Set(words(in: declared.prefix { $0 != "=" })) }
        return Set(words(in: declared.dropFirst("function ".count).prefix { $0 != "(" }))
    }

    private static func words(in line: Substring) -> [String] {
        line.utf8.split { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                false
            default: true
            }
        }.compactMap { String($0) }
    }
}
