package import CoreMetrics
import NIOConcurrencyHelpers

/// The counters or timers of a family, one for each combination of its labels' values.
///
/// What was made once is found by the values: making an instrument costs more than all else of a measurement.
package struct LabeledMetric<Instrument: Sendable>: Sendable {
    private let make: @Sendable ([(String, String)]) -> Instrument
    private let labels: [String]
    private let known = NIOLockedValueBox([[String]: Instrument]())

    private init(_ family: MetricFamily, _ make: @escaping @Sendable ([(String, String)]) -> Instrument) {
        labels = family.labels
        self.make = make
    }

    /// The instrument for these values, in the order of the family's labels.
    package subscript(values: String...) -> Instrument {
        known.withLockedValue { known in
            if let found = known[values] { return found }
            let new = make(Array(zip(labels, values)))
            // Beyond what a registry takes, each is a new one that counts nothing.
            if known.count < MetricsRegistry.defaultLimit { known[values] = new }
            return new
        }
    }
}

extension LabeledMetric where Instrument == Counter {
    package init(_ family: MetricFamily, in factory: any MetricsFactory) {
        self.init(family) { Counter(label: family.name, dimensions: $0, factory: factory) }
    }
}

extension LabeledMetric where Instrument == Timer {
    package init(_ family: MetricFamily, in factory: any MetricsFactory) {
        self.init(family) { Timer(label: family.name, dimensions: $0, factory: factory) }
    }
}

extension Timer {
    package func record(_ duration: Duration) {
        let parts = duration.components
        recordNanoseconds(parts.seconds &* 1_000_000_000 &+ parts.attoseconds / 1_000_000_000)
    }
}
