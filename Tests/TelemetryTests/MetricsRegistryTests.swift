import CoreMetrics
import Foundation
import Telemetry
import Testing

@Suite("The registry of metrics")
struct MetricsRegistryTests {
    private let counted = MetricFamily("test_events_total", .counter, labels: ["kind"], "Events.")
    private let timed = MetricFamily("test_call_seconds", .histogram([0.1, 1]), "Calls.")

    private func values(_ registry: MetricsRegistry) -> [[String]: MetricsSnapshot.Value] {
        Dictionary(uniqueKeysWithValues: registry.snapshot().series.map { ([$0.name] + $0.values, $0.value) })
    }

    @Test("Counts by labels, from any number of tasks")
    func counters() async {
        let registry = MetricsRegistry([counted])
        let counters = LabeledMetric<Counter>(counted, in: registry)
        await withDiscardingTaskGroup { group in
            for _ in 0..<8 {
                group.addTask { for _ in 0..<1000 { counters["a"].increment() } }
            }
        }
        counters["b"].increment(by: 3)
        #expect(
            values(registry) == [["test_events_total", "a"]: .number(8000), ["test_events_total", "b"]: .number(3)]
        )
    }

    @Test("Puts a time into the range whose bound is not below it, and what is beyond all into the last")
    func times() {
        let registry = MetricsRegistry([timed])
        let timer = LabeledMetric<CoreMetrics.Timer>(timed, in: registry)[]
        for time in [0.1, 0.1000001, 1, 5, 0, -1] { timer.record(.seconds(time)) }
        guard case .times(let counts, let sum) = values(registry)[["test_call_seconds"]] else {
            Issue.record("no times")
            return
        }
        #expect(counts == [3, 2, 1])
        #expect(abs(sum - 6.2000001) < 1e-6)
    }

    @Test("What has no family, other labels or another kind, or is one too many, is counted nowhere")
    func bounds() {
        let registry = MetricsRegistry([counted, timed], limit: 10)
        Counter(label: "unknown_total", factory: registry).increment()
        Counter(label: counted.name, dimensions: [("other", "a")], factory: registry).increment()
        Counter(label: timed.name, factory: registry).increment()
        #expect(registry.snapshot().series.isEmpty)
        let counters = LabeledMetric<Counter>(counted, in: registry)
        for number in 0..<1000 { counters["\(number)"].increment() }
        #expect(registry.snapshot().series.count == 10)
    }

    @Test("A snapshot survives being published")
    func published() throws {
        let registry = MetricsRegistry([counted, timed])
        LabeledMetric<Counter>(counted, in: registry)["\"a\"\n\\é"].increment()
        LabeledMetric<CoreMetrics.Timer>(timed, in: registry)[].record(.milliseconds(20))
        let snapshot = registry.snapshot()
        let read = try JSONDecoder().decode(MetricsSnapshot.self, from: JSONEncoder().encode(snapshot))
        #expect(Set(read.series) == Set(snapshot.series) && read.series.count == 2)
    }
}
