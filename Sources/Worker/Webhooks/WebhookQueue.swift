import Bootstrap
import Logging
import Model
import Store

/// Sends to one webhook what is for it, one message after another.
///
/// What is still to be sent stands in the event stream, and how far it was sent in Redis: whoever goes on after this worker
/// begins with the message that was open.
struct WebhookQueue: Sendable {
    let id: WebhookID
    let store: Store
    let sender: any WebhookSender
    /// The worker's instance, which has the right to send.
    let holder: String
    let policy: WebhookPolicy
    let wake: WakeSignal
    let metrics: WebhookMetrics
    let logger: Logger
    private let faults = RetryLog("a webhook cannot be served; trying again")

    /// After this time it is read again whether something happened or not.
    private static let period = Duration.seconds(60)
    /// How long events are gathered, so that many of them are one message.
    private static let spacing = Duration.milliseconds(200)
    private static let retry = Duration.seconds(1)

    init(
        id: WebhookID,
        store: Store,
        sender: any WebhookSender,
        holder: String,
        policy: WebhookPolicy,
        wake: WakeSignal,
        metrics: WebhookMetrics = WebhookMetrics(),
        logger: Logger
    ) {
        (self.id, self.store, self.sender, self.holder) = (id, store, sender, holder)
        (self.policy, self.wake, self.metrics, self.logger) = (policy, wake, metrics, logger)
    }

    /// What is to be done after a step.
    enum Next: Hashable, Sendable {
        case goOn
        case wait(Duration)
        /// The webhook is gone, or another worker sends now.
        case end
    }

    /// Runs until the webhook is gone or the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            switch await step() {
            case .goOn: continue
            case .end: return
            case .wait(let time):
                // A cancelled sleep ends the loop.
                try? await Task.sleep(for: min(time, Self.spacing))
                await wake.wait(atMost: time)
            }
        }
    }

    private func step() async -> Next {
        do throws(Failure) {
            guard let status = try await store.webhookStatus(id) else { return .end }
            return try await step(status)
        } catch {
            guard !Task.isCancelled else { return .end }
            faults.note(error, in: logger, metadata: ["webhook": "\(id)"])
            return .wait(Self.retry)
        }
    }

    private func step(_ status: WebhookStatus) async throws(Failure) -> Next {
        if let asked = status.asked { return try await attempt(asked, isAsked: true, status) }
        guard status.webhook.state == .active else { return .wait(Self.period) }
        guard let open = status.open else { return try await openNext(status) }
        let wait = Duration.milliseconds((open.nextAt ?? 0) - status.time)
        return wait > .zero ? .wait(wait) : try await attempt(open, isAsked: false, status)
    }

    /// Writes down the next message, where there is something for it to tell.
    private func openNext(_ status: WebhookStatus) async throws(Failure) -> Next {
        let types = try EventTypes(status.webhook.types.isEmpty ? nil : status.webhook.types.joined(separator: ","))
        let (events, last): ([StoreEvent], EventID)
        do throws(Failure) {
            (events, last) = try await store.eventPage(after: status.position, limit: WebhookBody.mostEvents)
        } catch {
            guard error.code == .cursorExpired else { throw error }
            let newest = try await store.lastEvent()
            return next(try await store.openDelivery(.missed, to: status, upTo: newest, events: 0, by: holder))
        }
        guard last != status.position else { return .wait(Self.period) }
        let project = status.webhook.project
        var wanted = events.filter { types.contains($0.type) }
        if let project { wanted = try await store.events(wanted, of: project) }
        guard !wanted.isEmpty else { return next(try await store.passEvents(of: status, upTo: last, by: holder)) }
        let count = WebhookBody.fitting(wanted)
        let end = count < wanted.count ? wanted[count - 1].id : last
        // Whose an event is cannot be told any more once the record of its job or VM is gone: a later attempt is to say the same.
        let items = project == nil ? [] : wanted.prefix(count).map(\.id)
        return next(
            try await store.openDelivery(.events, to: status, upTo: end, events: count, items: items, by: holder)
        )
    }

    private func attempt(
        _ delivery: WebhookDelivery,
        isAsked: Bool,
        _ status: WebhookStatus
    ) async throws(Failure) -> Next {
        let record: AttemptRecord
        if let body = try await body(of: delivery, to: status.webhook) {
            let message = WebhookMessage(
                url: status.webhook.url,
                id: delivery.message,
                body: body,
                secret: try WebhookSecret(status.webhook.secret)
            )
            let answer = try await sender.send(message)
            guard !Task.isCancelled else { return .end }
            CrashPoint.webhookSent.reach()
            record = policy.record(
                of: answer,
                to: delivery,
                of: status.webhook,
                isAsked: isAsked,
                at: status.time,
                chance: .random(in: 0...1)
            )
        } else {
            record = AttemptRecord(.expired, reason: "its events are kept no more")
        }
        if let why = record.disables {
            logger.warning("a webhook is disabled", metadata: ["webhook": "\(id)", "reason": "\(why)"])
        }
        metrics.note(record)
        return next(try await store.record(record, at: delivery.number, of: id, by: holder))
    }

    /// What a message says: the same at each attempt; nil where its events are kept no more.
    private func body(of delivery: WebhookDelivery, to webhook: Webhook) async throws(Failure) -> String? {
        var items: [StoreEvent] = []
        if delivery.kind == .events {
            guard let after = EventID(delivery.after), let last = EventID(delivery.last) else { return nil }
            let types = try EventTypes(webhook.types.isEmpty ? nil : webhook.types.joined(separator: ","))
            do throws(Failure) {
                let page = try await store.eventPage(after: after, limit: WebhookBody.mostEvents)
                items = page.events.filter { $0.id <= last && types.contains($0.type) }
                if let sent = delivery.items.map(Set.init) { items.removeAll { !sent.contains($0.id.description) } }
            } catch {
                guard error.code == .cursorExpired else { throw error }
                return nil
            }
        }
        return try WebhookBody(webhook: webhook.id, kind: delivery.kind, items: WebhookBody.items(items)).text()
    }

    private func next(_ change: WebhookChange) -> Next {
        switch change {
        // What changed is read anew: another worker's right ends this one's task.
        case .ok, .changed: .goOn
        case .lost: .end
        }
    }
}
