import CoreMetrics
import NIOConcurrencyHelpers
import Synchronization

/// One series of a metric.
protocol MetricSeries: AnyObject, Sendable {
    var value: MetricsSnapshot.Value { get }
}

/// A number that only grows.
final class CounterSeries: MetricSeries, CounterHandler {
    private let count = Atomic<Int64>(0)

    var value: MetricsSnapshot.Value { .number(Double(count.load(ordering: .relaxed))) }

    func increment(by amount: Int64) { count.wrappingAdd(amount, ordering: .relaxed) }

    func reset() { count.store(0, ordering: .relaxed) }
}

/// Times, by the ranges in which they are.
final class TimeSeries: MetricSeries, TimerHandler {
    private struct State {
        /// One for each range, and one for what is beyond the last bound.
        var counts: [Int]
        var nanoseconds: Int64 = 0
    }

    private let bounds: [Int64]
    private let state: NIOLockedValueBox<State>

    init(bounds: [Double]) {
        self.bounds = bounds.map { Int64(($0 * 1e9).rounded()) }
        state = NIOLockedValueBox(State(counts: Array(repeating: 0, count: bounds.count + 1)))
    }

    var value: MetricsSnapshot.Value {
        let state = state.withLockedValue { $0 }
        return .times(counts: state.counts, sum: Double(state.nanoseconds) / 1e9)
    }

    func recordNanoseconds(_ duration: Int64) {
        // A clock that was set back is no reason to count backwards.
        let duration = max(duration, 0)
        let range = bounds.firstIndex { duration <= $0 } ?? bounds.count
        state.withLockedValue { state in
            state.counts[range] += 1
            state.nanoseconds &+= duration
        }
    }
}
