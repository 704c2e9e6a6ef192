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

/// How far a webhook is behind.
package struct WebhookBacklog: Hashable, Sendable {
    package let id: WebhookID
    package let name: String
    package let state: Webhook.State
    /// How long ago the oldest event was that it has not been sent; nil where it has all.
    package let age: Duration?
}

extension Store {
    /// How far each webhook is behind, in two round trips where there are any.
    package func webhookBacklogs() async throws(Failure) -> [WebhookBacklog] {
        let ids = try await webhookIDs()
        guard !ids.isEmpty else { return [] }
        let names = ["id", "name", "state", "position"]
        let reads = ids.map { RedisCommand("HMGET", arguments: ([keys.webhook($0)] + names).map(\.redisArgument)) }
        let records = try await pipeline([["TIME"]] + reads)
        guard let now = records[0].milliseconds else { throw unexpected(records[0], from: "TIME") }
        var found: [(webhook: WebhookID, fields: RecordFields)] = []
        for (id, reply) in zip(ids, records.dropFirst()) {
            let fields = RecordFields(names, reply.array ?? [], key: keys.webhook(id))
            // One that was deleted meanwhile has no record.
            if fields["id"] != nil { found.append((id, fields)) }
        }
        let next = try await pipeline(
            found.map { ["XRANGE", keys.events, "(" + ($0.fields["position"] ?? "0"), "+", "COUNT", "1"] }
        )
        return try zip(found, next).map { (webhook, reply) throws(Failure) in
            let event = reply.array?.first.flatMap { EventID($0.array?.first?.string ?? "") }
            return WebhookBacklog(
                id: webhook.webhook,
                name: try webhook.fields.text("name"),
                state: try webhook.fields.needed("state") { Webhook.State(rawValue: $0) },
                age: event.map { .milliseconds(max(0, now - Int($0.milliseconds))) }
            )
        }
    }
}

extension Webhook {
    init(record: [String: String], key: String) throws(Failure) {
        let fields = RecordFields(record, key: key)
        self.init(
            id: try fields.needed("id") { WebhookID($0) },
            name: try fields.text("name"),
            url: try fields.text("url"),
            types: (fields["types"] ?? "").split(separator: ",").map(String.init),
            project: try fields.value("project") { ProjectName($0) },
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
            items: fields["items"]?.split(separator: " ").map(String.init),
            attempts: try fields.needed("attempts") { Int($0) },
            status: try fields.value("status") { Int($0) },
            reason: fields["reason"],
            createdAt: try fields.needed("created_ms") { Int($0) },
            attemptedAt: try fields.value("attempted_ms") { Int($0) },
            nextAt: try fields.value("next_ms") { Int($0) }
        )
    }
}
