import CoreMetrics
import NIOConcurrencyHelpers
import Store
import Telemetry

/// Counts the jobs that are accepted and that end, by any gateway and on any worker, as the event stream tells.
final class JobCounts: Sendable {
    private let feed: EventFeed
    private let accepted: LabeledMetric<Counter>
    private let finished: LabeledMetric<Counter>
    private let rates: NIOLockedValueBox<MinuteRates>

    init(feed: EventFeed, in factory: any MetricsFactory) {
        self.feed = feed
        accepted = LabeledMetric(.jobsAccepted, in: factory)
        finished = LabeledMetric(.jobsFinished, in: factory)
        rates = NIOLockedValueBox(MinuteRates(since: .now))
    }

    /// Follows the stream until it ends.
    func run() async {
        for await signal in feed.signals() {
            guard case .events(let events) = signal else { continue }
            for event in events { note(event) }
        }
    }

    /// How many jobs came and ended within the last minute, or since the gateway started where that is later.
    func lastMinute() -> MinuteRates.Reading { rates.withLockedValue { $0.reading(at: .now) } }

    private func note(_ event: StoreEvent) {
        let kind = event.fields["kind"] ?? ""
        switch event.type {
        // What comes back to the queue has a reason.
        case "job.queued" where event.fields["why"] == nil:
            accepted[kind].increment()
            rates.withLockedValue { $0.noteAccepted(at: .now) }
        case "job.finished":
            finished[kind, event.fields["state"] ?? "", event.fields["code"] ?? ""].increment()
            rates.withLockedValue { $0.noteFinished(at: .now) }
        default: return
        }
    }
}
