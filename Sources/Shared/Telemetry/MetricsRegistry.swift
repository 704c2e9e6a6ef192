package import CoreMetrics
import NIOConcurrencyHelpers

/// The series of one process, behind the API of swift-metrics.
///
/// What has no family here, or would be one series too many, is counted nowhere: a label can never fill the memory.
package final class MetricsRegistry: MetricsFactory {
    private struct Key: Hashable {
        let name: String
        let values: [String]
    }

    private let families: [String: MetricFamily]
    private let limit: Int
    private let series = NIOLockedValueBox([Key: any MetricSeries]())

    /// Far more than the labels of all families come to.
    package static let defaultLimit = 5_000

    package init(_ families: [MetricFamily] = MetricFamily.counted, limit: Int = MetricsRegistry.defaultLimit) {
        self.families = Dictionary(families.map { ($0.name, $0) }) { first, _ in first }
        self.limit = limit
    }

    /// All series as they are now.
    package func snapshot() -> MetricsSnapshot {
        let all = series.withLockedValue { $0 }
        return MetricsSnapshot(
            series: all.map { MetricsSnapshot.Series(name: $0.name, values: $0.values, value: $1.value) }
        )
    }

    private func find<Found: MetricSeries>(
        _ label: String,
        _ dimensions: [(String, String)],
        _ make: (MetricFamily) -> Found?
    ) -> Found? {
        guard let family = families[label], family.labels == dimensions.map(\.0) else { return nil }
        let key = Key(name: label, values: dimensions.map(\.1))
        return series.withLockedValue { series in
            if let known = series[key] { return known as? Found }
            guard series.count < limit, let new = make(family) else { return nil }
            series[key] = new
            return new
        }
    }

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        find(label, dimensions) { $0.kind == .counter ? CounterSeries() : nil } ?? NOOPMetricsHandler.instance
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        find(label, dimensions) { family -> TimeSeries? in
            switch family.kind {
            case .histogram, .summary: TimeSeries(bounds: family.bounds)
            case .counter, .gauge: nil
            }
        } ?? NOOPMetricsHandler.instance
    }

    /// No family of ours is recorded so: what has a value now is read when it is asked for.
    package func makeRecorder(
        label: String,
        dimensions: [(String, String)],
        aggregate: Bool
    ) -> any RecorderHandler { NOOPMetricsHandler.instance }

    // A series stays for as long as the process: one that came anew would count from 0.
    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
}
