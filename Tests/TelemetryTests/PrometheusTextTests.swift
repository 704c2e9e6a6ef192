import Telemetry
import TestKit
import Testing

@Suite("The text format of Prometheus")
struct PrometheusTextTests {
    private let events = MetricFamily("test_events_total", .counter, labels: ["kind"], "Events,\nwith a \\ in \"it\".")
    private let calls = MetricFamily("test_call_seconds", .histogram([0.1, 2.5]), labels: ["call"], "Calls.")
    private let scripts = MetricFamily("test_script_seconds", .summary, "Scripts.")

    private func series(_ family: MetricFamily, _ values: [String], _ value: MetricsSnapshot.Value)
        -> MetricsSnapshot
    {
        MetricsSnapshot(series: [MetricsSnapshot.Series(name: family.name, values: values, value: value)])
    }

    @Test("Each family stands once with the series of all origins, and promtool takes it, whatever the labels hold")
    func form() async throws {
        var text = PrometheusText([events, calls, scripts])
        text.add(series(events, ["a\"b\\c\nd é"], .number(3)))
        text.add(series(calls, ["x"], .times(counts: [1, 2, 4], sum: 20.5)), from: [(name: "worker", value: "w1")])
        text.add(series(events, ["z"], .number(0.5)), from: [(name: "worker", value: "w\"2")])
        text.add(series(scripts, [], .times(counts: [7], sum: 1)))
        #expect(
            text.text == #"""
                # HELP test_events_total Events,\nwith a \\ in "it".
                # TYPE test_events_total counter
                test_events_total{kind="a\"b\\c\nd é"} 3
                test_events_total{worker="w\"2",kind="z"} 0.5
                # HELP test_call_seconds Calls.
                # TYPE test_call_seconds histogram
                test_call_seconds_bucket{worker="w1",call="x",le="0.1"} 1
                test_call_seconds_bucket{worker="w1",call="x",le="2.5"} 3
                test_call_seconds_bucket{worker="w1",call="x",le="+Inf"} 7
                test_call_seconds_sum{worker="w1",call="x"} 20.5
                test_call_seconds_count{worker="w1",call="x"} 7
                # HELP test_script_seconds Scripts.
                # TYPE test_script_seconds summary
                test_script_seconds_sum 1
                test_script_seconds_count 7

                """#
        )
        let check = try await Promtool.run(["check", "metrics"], input: text.text)
        #expect(check.isFine, "\(check.text)")
    }

    @Test("What is not of the form of its family is left out: it may be another release's")
    func other() {
        var text = PrometheusText([events, calls])
        text.add(series(MetricFamily("other_total", .counter, ""), [], .number(1)))
        text.add(series(events, [], .number(1)))
        text.add(series(events, ["a"], .number(.infinity)))
        text.add(series(events, ["a"], .times(counts: [1], sum: 1)))
        text.add(series(calls, ["a"], .times(counts: [1, 2], sum: 1)))
        text.add(series(calls, ["a"], .times(counts: [1, 2, -1], sum: 1)))
        #expect(text.text.isEmpty)
    }
}
