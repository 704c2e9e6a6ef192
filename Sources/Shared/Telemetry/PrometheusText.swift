/// Writes series in the text format of Prometheus (0.0.4), each family once with all of its series.
package struct PrometheusText {
    /// Where series come from, as labels beside their own.
    package typealias Origin = [(name: String, value: String)]

    private struct Line {
        let origin: Origin
        let series: MetricsSnapshot.Series
    }

    package static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

    private let families: [MetricFamily]
    private let known: [String: MetricFamily]
    private var lines: [String: [Line]] = [:]

    package init(_ families: [MetricFamily]) {
        self.families = families
        known = Dictionary(families.map { ($0.name, $0) }) { first, _ in first }
    }

    /// Adds series; those of another release's families, or of another form, are left out.
    package mutating func add(_ snapshot: MetricsSnapshot, from origin: Origin = []) {
        for series in snapshot.series {
            guard let family = known[series.name], family.fits(series) else { continue }
            lines[series.name, default: []].append(Line(origin: origin, series: series))
        }
    }

    package var text: String {
        var text = ""
        for family in families {
            guard let lines = lines[family.name] else { continue }
            text += "# HELP \(family.name) \(Self.escaped(family.help))\n# TYPE \(family.name) \(family.kind.word)\n"
            for line in lines.sorted(by: { $0.series.values.lexicographicallyPrecedes($1.series.values) }) {
                Self.write(line, of: family, to: &text)
            }
        }
        return text
    }

    private static func write(_ line: Line, of family: MetricFamily, to text: inout String) {
        let labels = line.origin.map { label($0.name, $0.value) } + zip(family.labels, line.series.values).map(label)
        func sample(_ ending: String, _ more: [String], _ value: Double) {
            let all = labels + more
            text += family.name + ending + (all.isEmpty ? "" : "{\(all.joined(separator: ","))}") + " \(plain(value))\n"
        }
        switch line.series.value {
        case .number(let number): sample("", [], number)
        case .times(let counts, let sum):
            if !family.bounds.isEmpty {
                var total = 0
                for (bound, count) in zip(family.bounds, counts) {
                    total += count
                    sample("_bucket", [label("le", plain(bound))], Double(total))
                }
                sample("_bucket", [label("le", "+Inf")], Double(counts.reduce(0, +)))
            }
            sample("_sum", [], sum)
            sample("_count", [], Double(counts.reduce(0, +)))
        }
    }

    private static func label(_ name: String, _ value: String) -> String {
        "\(name)=\"\(escaped(value).replacing("\"", with: "\\\""))\""
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
    }

    private static func plain(_ number: Double) -> String {
        Int(exactly: number).map(String.init) ?? "\(number)"
    }
}

extension MetricFamily {
    /// Whether a series is one of these.
    fileprivate func fits(_ series: MetricsSnapshot.Series) -> Bool {
        guard series.values.count == labels.count else { return false }
        return switch (kind, series.value) {
        case (.counter, .number(let number)), (.gauge, .number(let number)): number.isFinite
        case (.histogram, .times(let counts, let sum)), (.summary, .times(let counts, let sum)):
            counts.count == bounds.count + 1 && sum.isFinite
                // What does not add up is no count of ours.
                && counts.allSatisfy { (0...1 << 53).contains($0) }
        default: false
        }
    }
}

extension MetricFamily.Kind {
    fileprivate var word: String {
        switch self {
        case .counter: "counter"
        case .gauge: "gauge"
        case .histogram: "histogram"
        case .summary: "summary"
        }
    }
}
