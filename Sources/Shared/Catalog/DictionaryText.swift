import Yams

/// The original program's form of all files: the body of a Python dictionary, which JSON is too.
///
/// YAML's flow syntax holds both (quotes of either kind, trailing commas, `#` comments). What only YAML has is refused:
/// bare strings, anchors, aliases, tags, strings over more than one line.
enum DictionaryText {
    /// True where the text begins, after comments and blank space, as a dictionary does.
    ///
    /// That is with a brace or a quote; with a bracket that a quote or a brace follows; or with `pms`, `types`, `images` or
    /// `networks` and `=` or `:`, as in a Python file. No address and no path begins so, which distinguishes this form from the plain one.
    static func isForm(of source: SourceText) -> Bool { start(of: source) != nil }

    /// Reads the list that is the dictionary's one value.
    ///
    /// - Parameters:
    ///   - source: the file's text, with or without the dictionary's outer braces, or the list alone.
    ///   - key: the dictionary's one key.
    ///   - example: what to write, for messages.
    /// - Returns: the list's entries, of which nothing is checked yet; one at least.
    /// - Throws: `CatalogError` where the text is none.
    static func list(in source: SourceText, key: String, example: String) throws(CatalogError) -> [DictionaryNode] {
        let start = start(of: source)
        let root = try root(of: yaml(of: source, start), in: source, example: example)
        if case .assignment(let name, let line, let column, _) = start, name != key {
            let position = TextPosition(line: line + 1, column: column + 1)
            throw source.error(.unknownKey, at: position, "'\(name)' is no key of the file: write \(key)")
        }
        if start?.isList == true { return try root.list("'\(key)'") }
        let members = try root.members(of: "the file", allowed: [key], required: [key])
        return try members[key]?.list("'\(key)'") ?? []
    }

    private static func root(
        of yaml: String,
        in source: SourceText,
        example: String
    ) throws(CatalogError) -> DictionaryNode {
        let places = Places(source: source)
        do {
            guard let roots = try Parser(yaml: yaml).singleRoot()?.sequence, let root = roots.first, roots.count == 1
            else { throw source.error(.malformed, at: nil, "this is not one dictionary: write \(example)") }
            return DictionaryNode(node: root, places: places)
        } catch let error as CatalogError {
            throw error
        } catch {
            throw places.error(for: error, example: example)
        }
    }

    /// How a dictionary begins.
    private enum Start {
        case brace
        case key
        case list
        /// `NAME =` or `NAME:` with a bare name, whose place is that of the indexes; `end` is behind the sign.
        case assignment(name: String, line: Int, column: Int, end: Int)

        /// True where the list stands without its dictionary.
        var isList: Bool {
            switch self {
            case .brace, .key: false
            case .list, .assignment: true
            }
        }
    }

    /// The text in brackets of ours, within which YAML is in its flow context from the start and takes tabs.
    ///
    /// They stand on lines of their own, so that columns stay as the file has them.
    private static func yaml(of source: SourceText, _ start: Start?) -> String {
        switch start {
        case .brace, .list: "[\n\(source.normalized)\n]"
        case .key, nil: "[{\n\(source.normalized)\n}]"
        case .assignment(_, let line, _, let end): "[\n\(source.normalized(blankTo: end, ofLine: line))\n]"
        }
    }

    private static func start(of source: SourceText) -> Start? {
        let scalars = source.significantScalars(limit: 64)
        guard let first = scalars.first else { return nil }
        switch first.scalar {
        case "{": return .brace
        case "\"", "'": return .key
        case "[":
            let next = scalars.dropFirst().first { $0.scalar != " " && $0.scalar != "\t" }
            return next.map { "{\"'".unicodeScalars.contains($0.scalar) } == true ? .list : nil
        default: return assignment(scalars)
        }
    }

    private static func assignment(_ scalars: [SourceText.PlacedScalar]) -> Start? {
        let name = SourceText.text(scalars.prefix { $0.scalar.properties.isAlphabetic }.map(\.scalar))
        let rest = scalars.dropFirst(name.unicodeScalars.count).filter { $0.scalar != " " && $0.scalar != "\t" }
        guard ["pms", "types", "images", "networks"].contains(name), let first = scalars.first, let sign = rest.first,
            let next = rest.dropFirst().first, sign.scalar == "=" || sign.scalar == ":",
            // Python's tuples and sets are no lists, and then said to be none.
            next.scalar == "[" || sign.scalar == "=" && "({".unicodeScalars.contains(next.scalar)
        else { return nil }
        return .assignment(name: name, line: first.line, column: first.column, end: sign.column + 1)
    }
}

/// Turns YAML's marks into places of the file as people see it.
struct Places {
    let source: SourceText

    /// Lines that `DictionaryText` puts before the file's own.
    private static let linesBefore = 1

    func position(_ mark: Mark?) -> TextPosition {
        let end = source.end
        guard let mark, mark.line - Self.linesBefore <= end.line else { return end }
        // Our own brackets stand for the file as a whole.
        guard mark.line > Self.linesBefore else { return TextPosition(line: 1, column: 1) }
        return TextPosition(line: mark.line - Self.linesBefore, column: max(mark.column, 1))
    }

    func error(for error: any Error, example: String) -> CatalogError {
        let form = "this is no dictionary of the form \(example)"
        switch error {
        case YamlError.scanner(_, let problem, let mark, _), YamlError.parser(_, let problem, let mark, _),
            YamlError.composer(_, let problem, let mark, _):
            return source.error(.malformed, at: position(mark), form, cause: problem)
        case YamlError.duplicatedKeysInMapping(let keys, let context):
            let names = keys.map { "'\($0)'" }.joined(separator: ", ")
            return source.error(.duplicate, at: position(context.mark), "\(names) is given twice: keep one")
        default:
            return source.error(.malformed, at: nil, form, cause: "\(error)")
        }
    }
}
