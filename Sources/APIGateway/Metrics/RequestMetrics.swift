import CoreMetrics
import HTTPTypes
import Hummingbird
import Telemetry

/// Counts requests and measures how long they take.
struct RequestMetrics: Sendable {
    private let requests: LabeledMetric<Counter>
    private let times: LabeledMetric<Timer>

    /// What stands for methods and paths that no call has: a client can send as many of them as it likes.
    private static let other = "other"

    init(in factory: any MetricsFactory) {
        requests = LabeledMetric(.requests, in: factory)
        times = LabeledMetric(.requestTimes, in: factory)
    }

    /// Takes note of an answered request.
    ///
    /// - Parameters:
    ///   - method: its method.
    ///   - route: the template of its call's path; nil where no call took it.
    ///   - status: the status of the answer.
    ///   - elapsed: how long it took.
    func note(_ method: HTTPRequest.Method, route: String?, status: Int, elapsed: Duration) {
        let (method, route) = route.map { (method.rawValue, $0) } ?? (Self.other, Self.other)
        requests[method, route, "\(status)"].increment()
        times[method, route].record(elapsed)
    }
}
