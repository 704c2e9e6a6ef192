import Foundation
import Telemetry
import TestKit
import Testing

@testable import APIGateway

/// Compares what is for Prometheus and Grafana, and the documents, with the metrics that there are.
@Suite("The files for Prometheus and Grafana")
struct PrometheusFileTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func path(_ name: String) -> String { root.appending(path: name).path() }

    private static func text(_ name: String) throws -> String {
        try String(contentsOfFile: path(name), encoding: .utf8)
    }

    private func expectFine(_ arguments: [String], input: String = "") async throws {
        let check = try await Promtool.run(arguments, input: input)
        #expect(check.isFine, "\(arguments): \(check.text)")
    }

    /// The names of alerts, each with its expression.
    private func alerts() throws -> [(name: String, expression: String)] {
        let matches = try Self.text("deploy/prometheus/alerts.yml").matches(of: /- alert: (\w+)\n +expr: '(.+)'\n/)
        #expect(matches.count > 10)
        return matches.map { (String($0.1), String($0.2).replacing("''", with: "'")) }
    }

    /// The expressions of the dashboard's panels.
    private func queries() throws -> [String] {
        struct Dashboard: Decodable {
            struct Panel: Decodable {
                struct Target: Decodable { let expr: String }
                let targets: [Target]
            }
            let panels: [Panel]
        }
        let bytes = Data(try Self.text("deploy/prometheus/dashboard.json").utf8)
        return try JSONDecoder().decode(Dashboard.self, from: bytes).panels.flatMap(\.targets).map(\.expr)
    }

    @Test("promtool takes the configuration and the alerts, and each alert comes and goes as its test says")
    func alertRules() async throws {
        try await expectFine(["check", "config", Self.path("deploy/prometheus/prometheus.yml")])
        try await expectFine(["check", "rules", Self.path("deploy/prometheus/alerts.yml")])
        try await expectFine(["test", "rules", Self.path("deploy/prometheus/alerts.test.yml")])
        let tests = try Self.text("deploy/prometheus/alerts.test.yml")
        for alert in try alerts() {
            // Once before its cause, and once after it.
            let mentions = tests.split(separator: "\n").count { $0.hasSuffix("alertname: \(alert.name)") }
            #expect(mentions == 2, "\(alert.name)")
            #expect(tests.contains("alertname: \(alert.name)\n        exp_alerts:"), "\(alert.name)")
        }
    }

    @Test("Each alert leads to a heading of the runbook, and each heading is an alert's")
    func runbooks() throws {
        let names = try alerts().map(\.name)
        let headings = try Self.text("docs/alerts.md").matches(of: /(?m)^## (\w+)$/).map { String($0.1) }
        #expect(headings == names)
        let rules = try Self.text("deploy/prometheus/alerts.yml")
        for name in names { #expect(rules.contains("runbook_url: docs/alerts.md#\(name.lowercased())\n"), "\(name)") }
    }

    @Test("promtool takes each query of the dashboard")
    func dashboard() async throws {
        let queries = try queries()
        #expect(queries.count > 20)
        // Grafana puts a time there.
        let rules = queries.enumerated().map { index, query in
            let text = query.replacing("$__rate_interval", with: "5m").replacing("'", with: "''")
            return "      - record: hvc:query:\(index)\n        expr: '\(text)'\n"
        }
        let directory = try TemporaryDirectory()
        let file = directory.file("queries.yml")
        try ("groups:\n  - name: queries\n    rules:\n" + rules.joined()).write(
            toFile: file,
            atomically: true,
            encoding: .utf8
        )
        try await expectFine(["check", "rules", file])
    }

    @Test("Alerts and dashboard ask for metrics that there are, by labels that they have")
    func names() throws {
        let families = Dictionary(uniqueKeysWithValues: MetricFamily.all.map { ($0.name, $0) })
        for query in try alerts().map(\.expression) + queries() {
            for match in query.matches(of: /hvc_[a-z0-9_]+/) {
                let name = String(match.0)
                let base = ["_bucket", "_sum", "_count"].first { name.hasSuffix($0) }.map { name.dropLast($0.count) }
                #expect(families[name] != nil || base.flatMap { families[String($0)] } != nil, "\(name) in \(query)")
            }
            let labels = query.matches(of: /by \(([^)]*)\)/).flatMap { $0.1.split(separator: ", ") }.map(String.init)
            let known = Set(MetricFamily.all.flatMap(\.labels) + ["job", "instance", "worker", "le"])
            for label in labels { #expect(known.contains(label), "\(label) in \(query)") }
        }
    }

    @Test("docs/metrics.md has each metric with its kind, labels and meaning, and no other")
    func documented() throws {
        let rows = try Self.text("docs/metrics.md").split(separator: "\n").filter { $0.hasPrefix("| `hvc_") }
        let expected = MetricFamily.all.map { family in
            let kind =
                switch family.kind {
                case .counter: "counter"
                case .gauge: "gauge"
                case .histogram: "histogram"
                case .summary: "summary"
                }
            let labels = family.labels.map { "`\($0)`" }.joined(separator: ", ")
            return "| `\(family.name)` | \(kind) | \(labels) | \(family.help) |"
        }
        #expect(Set(rows.map(String.init)) == Set(expected))
    }
}
