import Yams

/// The original program's form of all three files: the body of a Python dictionary, which JSON is too.
///
/// YAML's flow syntax holds both (quotes of either kind, trailing commas, `#` comments). What only YAML has is refused:
/// bare strings, anchors, aliases, tags, strings over more than one line.
enum DictionaryText {
    /// True where the text begins, after comments and blank space, with a brace or a quote.
    ///
    /// No address and no full path begins so, which tells this form from the plain one.
    static func isForm(of source: SourceText) -> Bool {
        guard let first = firstSignificant(of: source) else { return false }
        return first == "{" || first == "\"" || first == "'"
    }

    /// Reads the dictionary, with or without its outer braces.
    ///
    /// - Parameters:
    ///   - source: the file's text.
    ///   - example: what to write, for messages.
    /// - Returns: the dictionary, of which nothing is checked yet.
    /// - Throws: `CatalogError` where the text is none.
    static func read(_ source: SourceText, example: String) throws(CatalogError) -> DictionaryNode {
        let isBare = firstSignificant(of: source) != "{"
        // In brackets of ours, YAML is in its flow context from the start and takes tabs. They stand on lines of their
        // own, so that columns stay as the file has them.
        let yaml = isBare ? "[{\n\(source.normalized)\n}]" : "[\n\(source.normalized)\n]"
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

    private static func firstSignificant(of source: SourceText) -> Unicode.Scalar? {
        for line in source.lines {
            if let first = line.first(where: { $0 != " " && $0 != "\t" }), first != "#" { return first }
        }
        return nil
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
