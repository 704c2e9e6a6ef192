import Logging
import Model
import NIOConcurrencyHelpers
import Store

/// Sends events to all webhooks, while this worker has the right to.
///
/// Each webhook has a task of its own, so that a slow receiver holds up nobody else.
struct WebhookRelay: Sendable {
    let right: SoleTaskRunner
    let store: Store
    let feed: EventFeed
    let sender: any WebhookSender
    let metrics: WebhookMetrics
    var policy = WebhookPolicy()
    let logger: Logger
    private let faults = RetryLog("the webhooks cannot be read; trying again")

    /// After this time the list is read again whether something happened or not.
    private static let period = Duration.seconds(30)
    /// The shortest time between two readings of the list.
    private static let spacing = Duration.milliseconds(500)

    init(
        right: SoleTaskRunner,
        store: Store,
        feed: EventFeed,
        sender: any WebhookSender,
        metrics: WebhookMetrics,
        logger: Logger
    ) {
        (self.right, self.store, self.feed, self.sender) = (right, store, feed, sender)
        (self.metrics, self.logger) = (metrics, logger)
    }

    /// Runs until the task is cancelled.
    func run() async { await right.run { await send() } }

    private func send() async {
        let wakes = NIOLockedValueBox([WebhookID: WakeSignal]())
        let wake = WakeSignal()
        await withDiscardingTaskGroup { group in
            group.addTask {
                for await _ in feed.signals(keeping: 1) {
                    wake.fire()
                    for each in wakes.withLockedValue({ Array($0.values) }) { each.fire() }
                }
            }
            while !Task.isCancelled {
                for id in await ids() where wakes.withLockedValue({ $0[id] }) == nil {
                    let own = WakeSignal()
                    wakes.withLockedValue { $0[id] = own }
                    group.addTask {
                        await WebhookQueue(
                            id: id,
                            store: store,
                            sender: sender,
                            holder: right.holder,
                            policy: policy,
                            wake: own,
                            metrics: metrics,
                            logger: logger
                        ).run()
                        wakes.withLockedValue { $0[id] = nil }
                    }
                }
                await wake.wait(atMost: Self.period)
                // A cancelled sleep ends the loop.
                try? await Task.sleep(for: Self.spacing)
            }
            group.cancelAll()
        }
    }

    private func ids() async -> [WebhookID] {
        do throws(Failure) { return try await store.webhookIDs() } catch {
            faults.note(error, in: logger)
            return []
        }
    }
}
