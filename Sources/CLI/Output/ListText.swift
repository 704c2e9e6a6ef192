import API

/// Writes a list piece by piece, so that a long one need not be held.
struct ListText {
    private let format: OutputFormat
    private let columns: [Column]
    /// Whether the columns were chosen: then objects have these alone in every format.
    private let isChosen: Bool
    private let nameField: String
    private var table: TableText
    private var isEmpty = true

    /// - Parameters:
    ///   - format: the form.
    ///   - columns: the columns.
    ///   - isChosen: whether people chose them.
    ///   - nameField: the field that names an object.
    ///   - width: the width of the terminal; nil for none.
    ///   - hasHeader: whether tables begin with the names of the columns.
    ///   - narrowest: how wide the first columns are at least.
    init(
        _ format: OutputFormat,
        _ columns: [Column],
        isChosen: Bool = false,
        nameField: String = "name",
        width: Int? = nil,
        hasHeader: Bool = true,
        narrowest: [Int] = []
    ) {
        (self.format, self.columns, self.isChosen, self.nameField) = (format, columns, isChosen, nameField)
        table = TableText(columns, width: width, hasHeader: hasHeader, narrowest: narrowest)
    }

    /// The text of more objects.
    mutating func add(_ objects: [JSONValue]) -> String {
        guard !objects.isEmpty else { return "" }
        defer { isEmpty = false }
        switch format {
        case .table, .wide: return table.add(objects.map { object in columns.map { $0.cell(of: object) } })
        case .json:
            let texts = objects.map { selected($0).text(isIndented: true).indented(by: 2) }
            return (isEmpty ? "[\n" : ",\n") + texts.joined(separator: ",\n")
        case .jsonl: return objects.map { selected($0).text() + "\n" }.joined()
        case .yaml: return objects.map { YAMLText.item(selected($0)) }.joined()
        case .csv:
            let header = isEmpty ? [columns.map(\.name)] : []
            let rows = objects.map { object in columns.map { $0.value(object)?.cell ?? "" } }
            return (header + rows).map(CSVText.line).joined()
        case .name: return objects.map { ($0[nameField]?.cell ?? $0["id"]?.cell ?? "").printable + "\n" }.joined()
        }
    }

    /// The text behind the last object.
    mutating func end() -> String {
        switch format {
        case .json: isEmpty ? "[]\n" : "\n]\n"
        case .yaml: isEmpty ? "[]\n" : ""
        case .csv: isEmpty ? CSVText.line(columns.map(\.name)) : ""
        case .table, .wide: isEmpty ? table.add([]) : ""
        case .jsonl, .name: ""
        }
    }

    private func selected(_ object: JSONValue) -> JSONValue {
        guard isChosen else { return object }
        return .object(Dictionary(columns.map { ($0.name, $0.value(object) ?? .null) }) { first, _ in first })
    }
}

extension String {
    func indented(by count: Int) -> String {
        let blanks = String(repeating: " ", count: count)
        return split(separator: "\n", omittingEmptySubsequences: false).map { blanks + $0 }.joined(separator: "\n")
    }
}
