package import Model
import RedisClient

/// What became of a change by the worker that sends to webhooks.
package enum WebhookChange: String, ScriptWord, Sendable {
    case ok
    /// Another worker sends now.
    case lost
    /// The webhook is not as it was read any more.
    case changed
}

/// What an attempt came to.
package struct AttemptRecord: Hashable, Sendable {
    package let state: WebhookDelivery.State
    package let status: Int?
    package let reason: String?
    /// After how long there is to be another attempt, where the state is `pending`.
    package let delay: Duration
    /// Why nothing more is to be sent; nil where more is.
    package let disables: String?

    package init(
        _ state: WebhookDelivery.State,
        status: Int? = nil,
        reason: String? = nil,
        delay: Duration = .zero,
        disables: String? = nil
    ) {
        (self.state, self.status, self.reason, self.delay, self.disables) = (state, status, reason, delay, disables)
    }
}

extension Store {
    /// The numbers of the webhooks (ZRANGE).
    package func webhookIDs() async throws(Failure) -> [WebhookID] {
        try await send(["ZRANGE", keys.webhooks, "0", "-1"]).identifiers()
    }

    /// A webhook with what is to be sent to it; nil where there is none.
    package func webhookStatus(_ id: WebhookID) async throws(Failure) -> WebhookStatus? {
        let key = keys.webhook(id)
        let replies = try await pipeline([["HGETALL", key], ["TIME"]])
        guard let record = try replies[0].record(of: key) else { return nil }
        guard let time = replies[1].milliseconds else { throw unexpected(replies[1], from: "TIME") }
        let fields = RecordFields(record, key: key)
        let open = try fields.value("open") { DeliveryID($0) }
        let oldest = try fields.needed("deliveries") { Int($0) } - LuaLibrary.deliveriesKept
        let asked = (fields["asked"] ?? "").split(separator: " ").compactMap { DeliveryID($0) }
            .first { $0.value > oldest }
        return WebhookStatus(
            webhook: try Webhook(record: record, key: key),
            position: try fields.needed("position") { EventID($0) },
            open: try await known(open, of: id),
            asked: try await known(asked, of: id),
            time: time
        )
    }

    private func known(_ number: DeliveryID?, of id: WebhookID) async throws(Failure) -> WebhookDelivery? {
        guard let number else { return nil }
        do throws(Failure) { return try await delivery(number, of: id) } catch {
            guard error.code == .unknownDelivery else { throw error }
            return nil
        }
    }

    /// Writes down which events the next message has (script `open_delivery`).
    ///
    /// - Parameters:
    ///   - kind: what it tells.
    ///   - webhook: the webhook, as it was read.
    ///   - last: the last event that it covers.
    ///   - count: how many events it has.
    ///   - items: their ids, where it has not all of its types that are between.
    ///   - holder: the worker that holds `SoleTask.webhooks`.
    /// - Returns: whether it is written.
    /// - Throws: `Failure`.
    package func openDelivery(
        _ kind: WebhookDelivery.Kind,
        to webhook: WebhookStatus,
        upTo last: EventID,
        events count: Int,
        items: [EventID] = [],
        by holder: String
    ) async throws(Failure) -> WebhookChange {
        try await run(
            .openDelivery,
            [
                "holder": holder, "id": webhook.webhook.id.value, "kind": kind.rawValue,
                "after": webhook.position.description, "last": last.description, "events": count,
                "items": items.map(\.description).joined(separator: " "),
            ]
        )
    }

    /// Moves a webhook past events none of which is for it (script `pass_events`).
    package func passEvents(
        of webhook: WebhookStatus,
        upTo last: EventID,
        by holder: String
    ) async throws(Failure) -> WebhookChange {
        try await run(
            .passEvents,
            [
                "holder": holder, "id": webhook.webhook.id.value, "after": webhook.position.description,
                "last": last.description,
            ]
        )
    }

    /// Records what became of an attempt (script `record_attempt`).
    package func record(
        _ attempt: AttemptRecord,
        at number: DeliveryID,
        of id: WebhookID,
        by holder: String
    ) async throws(Failure) -> WebhookChange {
        try await run(
            .recordAttempt,
            [
                "holder": holder, "id": id.value, "delivery": number.value, "state": attempt.state.rawValue,
                "status": attempt.status.map(String.init) ?? "", "reason": attempt.reason ?? "",
                "delay_ms": attempt.delay.milliseconds, "disable": attempt.disables ?? "",
            ]
        )
    }
}
