import API

/// How one place was decided, as a table of PMs with the terms of the weighers.
struct DecisionTable {
    private let explanation: JSONValue
    private let rows: [JSONValue]
    /// The weighers whose terms are shown.
    private let weighers: [String]

    /// How many PMs are shown where not all are asked for.
    private static let usual = 10

    init(_ explanation: JSONValue) {
        self.explanation = explanation
        rows = explanation["considered"]?.items ?? []
        let names = rows.compactMap { row -> [String]? in
            if case .object(let weights)? = row["weights"] { Array(weights.keys) } else { nil }
        }
        weighers = Set(names.joined()).sorted()
    }

    func show(in session: Session, all: Bool) throws(CommandFailure) {
        let chosen = explanation["chosen"]?.cell
        let shown = all ? rows : Array(rows.prefix(Self.usual))
        var columns: [Column] = [
            .made("pm", of: "pm") { row in (row["pm"]?.cell == chosen ? "* " : "  ") + (row["pm"]?.cell ?? "") },
            .made("fits", of: "objection") { $0["objection"] == nil ? "yes" : "no" },
        ]
        columns += weighers.map { name in .field(name, "weights.\(name)", number: true) }
        if !weighers.isEmpty { columns.append(.made("total", of: "weights", number: true, Self.total)) }
        columns.append(
            .made("", of: "objection") { row in row["pm"]?.cell == chosen ? "chosen" : row["objection"]?.cell }
        )
        var text = ListText(session.format, columns, width: session.terminal.width, hasHeader: session.hasHeader)
        var written = text.add(shown)
        for line in more(than: shown.count) { written += "  " + line.printable + "\n" }
        session.terminal.write(written)
    }

    /// What the table leaves out, and the nearest miss.
    private func more(than shown: Int) -> [String] {
        var lines: [String] = []
        let examined = RefusedPlace.examined(explanation)
        let hidden = examined - shown
        if hidden > 0 {
            let objections = RefusedPlace.objections(explanation)
            let fit = explanation["fit"]?.integer ?? 0
            let counts = ["\(fit) fit"] + objections.map { "\($0.count) \($0.text)" }
            let hint = shown < rows.count ? " (--all shows \(rows.count))" : ""
            lines.append("\(examined) in all: \(counts.joined(separator: ", "))\(hint)")
        }
        return lines + RefusedPlace.nearest(explanation)
    }

    private static func total(_ row: JSONValue) -> String? {
        guard case .object(let weights)? = row["weights"] else { return nil }
        let total = weights.values.reduce(0) { $0 + ($1.double ?? 0) }
        return "\((total * 1e6).rounded() / 1e6)"
    }
}
