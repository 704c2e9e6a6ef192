/// Comma-separated values (RFC 4180), with line feeds alone.
enum CSVText {
    static func line(_ cells: [String]) -> String { cells.map(quoted).joined(separator: ",") + "\n" }

    private static func quoted(_ cell: String) -> String {
        // A spreadsheet must not take what people named their VM for a formula.
        let isFormula = cell.first.map { "=@\t".contains($0) } ?? false
        let needsQuotes = cell.contains { $0 == "," || $0 == "\"" || $0.isNewline }
        let text = isFormula ? "'" + cell : cell
        return needsQuotes ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
    }
}
