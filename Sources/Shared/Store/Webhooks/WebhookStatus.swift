package import Model
import RedisClient

/// A webhook with where it stands.
package struct WebhookStatus: Sendable {
    package let webhook: Webhook
    /// The event up to which everything was sent, or is for others.
    package let position: EventID
    /// The message that is being tried, which has the events behind that.
    package let open: WebhookDelivery?
    /// The first of the messages that somebody asked for.
    package let asked: WebhookDelivery?
    /// When this was read, in ms since 1970 by the clock of Redis.
    package let time: Int
}

extension Webhook {
    init(record: [String: String], key: String) throws(Failure) {
        let fields = RecordFields(record, key: key)
        self.init(
            id: try fields.needed("id") { WebhookID($0) },
            name: try fields.text("name"),
            url: try fields.text("url"),
            types: (fields["types"] ?? "").split(separator: ",").map(String.init),
            secret: try fields.text("secret"),
            state: try fields.needed("state") { Webhook.State(rawValue: $0) },
            reason: fields["reason"],
            createdAt: try fields.text("created_at"),
            failingSince: try fields.value("failing_since") { Int($0) }
        )
    }
}

extension WebhookDelivery {
    init(record: [String: String], key: String) throws(Failure) {
        let fields = RecordFields(record, key: key)
        self.init(
            number: try fields.needed("number") { DeliveryID($0) },
            message: try fields.text("message"),
            kind: try fields.needed("kind") { Kind(rawValue: $0) },
            state: try fields.needed("state") { State(rawValue: $0) },
            after: try fields.text("after"),
            last: try fields.text("last"),
            events: try fields.needed("events") { Int($0) },
            attempts: try fields.needed("attempts") { Int($0) },
            status: try fields.value("status") { Int($0) },
            reason: fields["reason"],
            createdAt: try fields.needed("created_ms") { Int($0) },
            attemptedAt: try fields.value("attempted_ms") { Int($0) },
            nextAt: try fields.value("next_ms") { Int($0) }
        )
    }
}
