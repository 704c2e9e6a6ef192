/// Rows in columns; the first rows decide how wide they are.
struct TableText {
    private let columns: [Column]
    private let width: Int?
    private let hasHeader: Bool
    private let narrowest: [Int]
    private var widths: [Int] = []

    /// A cell is not cut below this.
    private static let shortest = 6

    init(_ columns: [Column], width: Int?, hasHeader: Bool = true, narrowest: [Int] = []) {
        (self.columns, self.width, self.hasHeader, self.narrowest) = (columns, width, hasHeader, narrowest)
    }

    mutating func add(_ rows: [[String]]) -> String {
        var text = ""
        if widths.isEmpty {
            let header = columns.map { $0.name.replacing("_", with: " ").uppercased() }
            widths = Self.widths(of: (hasHeader ? [header] : []) + rows, columns: columns.count, within: width)
            for (index, least) in zip(widths.indices, narrowest) { widths[index] = max(widths[index], least) }
            if hasHeader { text += line(header) }
        }
        return rows.reduce(into: text) { $0 += line($1) }
    }

    private func line(_ cells: [String]) -> String {
        var line = ""
        for (index, cell) in cells.enumerated() {
            let shown = width == nil ? cell : cell.cut(to: widths[index])
            let blanks = String(repeating: " ", count: max(0, widths[index] - shown.count))
            line += (index == 0 ? "" : "  ") + (columns[index].isNumber ? blanks + shown : shown + blanks)
        }
        return line.trimmingBlanks + "\n"
    }

    /// How wide each column is: as its widest cell, and where the terminal is too narrow the widest columns are cut.
    static func widths(of rows: [[String]], columns: Int, within width: Int?) -> [Int] {
        var widths = (0..<columns).map { index in rows.map { $0[index].count }.max() ?? 0 }
        guard let width, columns > 0 else { return widths }
        while widths.reduce(2 * (columns - 1), +) > width {
            guard let widest = widths.indices.max(by: { widths[$0] < widths[$1] }), widths[widest] > shortest else {
                break
            }
            widths[widest] -= 1
        }
        return widths
    }
}

extension String {
    fileprivate func cut(to width: Int) -> String { count <= width ? self : prefix(max(0, width - 1)) + "…" }

    fileprivate var trimmingBlanks: Substring {
        var end = endIndex
        while end > startIndex, self[index(before: end)] == " " { end = index(before: end) }
        return self[..<end]
    }
}
