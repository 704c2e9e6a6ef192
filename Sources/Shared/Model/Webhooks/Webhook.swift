/// Where events are sent by HTTP, signed.
package struct Webhook: Hashable, Sendable {
    package enum State: String, Codable, Hashable, Sendable, CaseIterable {
        case active
        /// Nothing is sent, since its deliveries failed for too long, or the receiver wants no more.
        case disabled
    }

    package let id: WebhookID
    package let name: String
    package let url: String
    /// The types of events that are sent; all where it is empty.
    package let types: [String]
    /// The only project whose events are sent; nil for all events.
    package let project: ProjectName?
    package let secret: String
    package let state: State
    /// Why it is disabled.
    package let reason: String?
    package let createdAt: String
    /// Since when every attempt has failed, in ms since 1970; nil where the last one succeeded.
    package let failingSince: Int?

    package init(
        id: WebhookID,
        name: String,
        url: String,
        types: [String],
        project: ProjectName? = nil,
        secret: String,
        state: State = .active,
        reason: String? = nil,
        createdAt: String,
        failingSince: Int? = nil
    ) {
        (self.id, self.name, self.url, self.types) = (id, name, url, types)
        (self.project, self.secret) = (project, secret)
        (self.state, self.reason, self.createdAt, self.failingSince) = (state, reason, createdAt, failingSince)
    }
}

package typealias WebhookID = Identifier<Webhook>

/// One message to a webhook, with what became of it.
package struct WebhookDelivery: Hashable, Sendable {
    package enum Kind: String, Codable, Hashable, Sendable, CaseIterable {
        case events
        /// Events went by that cannot be sent, since they are kept no more.
        case missed
        /// Somebody asked for a message, to see whether it arrives.
        case test
    }

    package enum State: String, Codable, Hashable, Sendable, CaseIterable {
        case pending
        case delivered
        case failed
        /// Its events were kept no more before an attempt succeeded.
        case expired
    }

    package let number: DeliveryID
    /// The id that the receiver gets: the same at each attempt, and never used for another message.
    package let message: String
    package let kind: Kind
    package let state: State
    /// Behind this event it begins, with the events of the webhook's types.
    package let after: String
    /// Up to this event it goes.
    package let last: String
    package let events: Int
    /// Their ids; nil where it has all of the webhook's types that are between.
    package let items: [String]?
    package let attempts: Int
    /// The status that the receiver answered last.
    package let status: Int?
    /// Why the last attempt failed.
    package let reason: String?
    /// In ms since 1970 by the clock of Redis, as the others.
    package let createdAt: Int
    package let attemptedAt: Int?
    /// When the next attempt is due; nil where there is to be none.
    package let nextAt: Int?

    package init(
        number: DeliveryID,
        message: String,
        kind: Kind,
        state: State,
        after: String,
        last: String,
        events: Int,
        items: [String]? = nil,
        attempts: Int,
        status: Int?,
        reason: String?,
        createdAt: Int,
        attemptedAt: Int?,
        nextAt: Int?
    ) {
        (self.number, self.message, self.kind, self.state) = (number, message, kind, state)
        (self.after, self.last, self.events, self.items) = (after, last, events, items)
        self.attempts = attempts
        (self.status, self.reason) = (status, reason)
        (self.createdAt, self.attemptedAt, self.nextAt) = (createdAt, attemptedAt, nextAt)
    }
}

package typealias DeliveryID = Identifier<WebhookDelivery>
