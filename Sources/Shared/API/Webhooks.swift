package import Model

extension Endpoints {
    package static let createWebhook = Endpoint<CreateWebhookRequest, NewWebhookResponse>(
        v1: "createWebhook",
        .post,
        "/v1/webhooks",
        status: 201,
        right: .admin,
        scope: .project,
        "Has events sent to a URL from now on; the secret that signs them is shown this once."
    )
    package static let listWebhooks = Endpoint<NoBody, Page<WebhookResponse>>(
        list: "listWebhooks",
        "/v1/webhooks",
        right: .admin,
        scope: .project,
        "Lists the webhooks, by number."
    )
    package static let readWebhook = Endpoint<NoBody, WebhookResponse>(
        v1: "readWebhook",
        .get,
        "/v1/webhooks/{id}",
        right: .admin,
        scope: .project,
        "Shows a webhook, without its secret."
    )
    package static let deleteWebhook = Endpoint<NoBody, WebhookResponse>(
        v1: "deleteWebhook",
        .delete,
        "/v1/webhooks/{id}",
        right: .admin,
        scope: .project,
        "Sends nothing more to a webhook, and forgets it."
    )
    package static let testWebhook = Endpoint<NoBody, DeliveryResponse>(
        v1: "testWebhook",
        .post,
        "/v1/webhooks/{id}:test",
        status: 201,
        right: .admin,
        scope: .project,
        "Has a message without events sent to a webhook, once."
    )
    package static let enableWebhook = Endpoint<NoBody, WebhookResponse>(
        v1: "enableWebhook",
        .post,
        "/v1/webhooks/{id}:enable",
        right: .admin,
        scope: .project,
        "Goes on sending to a webhook that was disabled."
    )
    package static let listDeliveries = Endpoint<NoBody, Page<DeliveryResponse>>(
        list: "listDeliveries",
        "/v1/webhooks/{id}/deliveries",
        right: .admin,
        scope: .project,
        "Lists the messages to a webhook with what became of them, the latest first."
    )
    package static let readDelivery = Endpoint<NoBody, DeliveryResponse>(
        v1: "readDelivery",
        .get,
        "/v1/webhooks/{id}/deliveries/{number}",
        right: .admin,
        scope: .project,
        "Shows what became of a message to a webhook."
    )
    package static let redeliver = Endpoint<NoBody, DeliveryResponse>(
        v1: "redeliver",
        .post,
        "/v1/webhooks/{id}/deliveries/{number}:redeliver",
        right: .admin,
        scope: .project,
        "Has a message sent again, under the id that it had, once."
    )

    static let webhooks = [
        createWebhook.description, listWebhooks.description, readWebhook.description, deleteWebhook.description,
        testWebhook.description, enableWebhook.description, listDeliveries.description, readDelivery.description,
        redeliver.description,
    ]
}

/// What a webhook is to be.
package struct CreateWebhookRequest: APIRequest, Hashable {
    package var name: String
    package var url: String
    /// Which events are sent, such as `job.finished` or `vm.*`; all where it is left out or empty.
    package var types: [String]?
    /// The only project whose events are sent; nil for that of the caller's token, or all events.
    package var project: ProjectName?
    /// What signs the messages; one is made where it is left out.
    package var secret: String?

    package static let forms = [
        "name": Schema.name, "url": .pattern(WebhookURL.pattern, longest: WebhookURL.longest),
        "types": .list(.pattern(#"^(?:[a-z._]+\*?|\*)$"#, longest: 64), count: 0...EventTypes.most),
        "secret": .pattern(WebhookSecret.pattern, longest: WebhookSecret.longest),
    ]

    package init(
        name: String,
        url: String,
        types: [String]? = nil,
        project: ProjectName? = nil,
        secret: String? = nil
    ) {
        (self.name, self.url, self.types) = (name, url, types)
        (self.project, self.secret) = (project, secret)
    }

    package func validate() throws(Failure) {
        _ = try Failure.at("name", check: try VMName.validated(name, of: "the webhook"))
        _ = try Failure.at("url", check: try WebhookURL(url))
        if let types, !types.isEmpty {
            guard types.allSatisfy({ !$0.isEmpty && !$0.contains(",") && $0.utf8.count <= 64 }) else {
                throw Failure(
                    .invalidRequest,
                    "types has an entry that is no type of events, such as job.finished or vm.*",
                    pointer: "/types"
                )
            }
            _ = try Failure.at("types", check: try EventTypes(types.joined(separator: ",")))
        }
        if let secret { _ = try Failure.at("secret", check: try WebhookSecret(secret)) }
    }
}

/// A webhook, without its secret.
package struct WebhookResponse: Codable, Hashable, Sendable {
    package let id: WebhookID
    package let name: String
    package let url: String
    /// All where it is empty.
    package let types: [String]
    /// The only project whose events are sent; missing for all events.
    package let project: ProjectName?
    package let state: Webhook.State
    /// Why it is disabled.
    package let reason: String?
    package let createdAt: String
    /// Since when every attempt has failed; missing where the last one succeeded.
    package let failingSince: String?

    private enum CodingKeys: String, CodingKey {
        case id, name, url, types, project, state, reason
        case createdAt = "created_at"
        case failingSince = "failing_since"
    }

    package init(_ webhook: Webhook, failingSince: String?) {
        (id, name, url, types) = (webhook.id, webhook.name, webhook.url, webhook.types)
        (project, state, reason, createdAt) = (webhook.project, webhook.state, webhook.reason, webhook.createdAt)
        self.failingSince = failingSince
    }
}

/// A webhook that was just made.
package struct NewWebhookResponse: Codable, Hashable, Sendable {
    package let id: WebhookID
    package let name: String
    package let url: String
    package let types: [String]
    package let project: ProjectName?
    package let state: Webhook.State
    package let createdAt: String
    /// What signs the messages: `whsec_` and a key in base64.
    package let secret: String

    private enum CodingKeys: String, CodingKey {
        case id, name, url, types, project, state, secret
        case createdAt = "created_at"
    }

    package init(_ webhook: Webhook) {
        (id, name, url, types) = (webhook.id, webhook.name, webhook.url, webhook.types)
        (project, state, createdAt, secret) = (webhook.project, webhook.state, webhook.createdAt, webhook.secret)
    }
}

/// A message to a webhook.
package struct DeliveryResponse: Codable, Hashable, Sendable {
    package let number: DeliveryID
    /// The header `webhook-id` that the receiver gets, at each attempt the same.
    package let messageID: String
    package let kind: WebhookDelivery.Kind
    package let state: WebhookDelivery.State
    /// How many events it has.
    package let events: Int
    package let attempts: Int
    /// The status that the receiver answered last.
    package let status: Int?
    /// Why the last attempt failed.
    package let reason: String?
    package let createdAt: String
    package let attemptedAt: String?
    /// Missing where there is to be none.
    package let nextAttemptAt: String?

    private enum CodingKeys: String, CodingKey {
        case number, kind, state, events, attempts, status, reason
        case messageID = "message_id"
        case createdAt = "created_at"
        case attemptedAt = "attempted_at"
        case nextAttemptAt = "next_attempt_at"
    }

    /// A message, with the times in ms since 1970 as this writes them.
    package init(_ delivery: WebhookDelivery, time: (Int) -> String) {
        (number, messageID, kind, state) = (delivery.number, delivery.message, delivery.kind, delivery.state)
        (events, attempts, status, reason) = (delivery.events, delivery.attempts, delivery.status, delivery.reason)
        createdAt = time(delivery.createdAt)
        (attemptedAt, nextAttemptAt) = (delivery.attemptedAt.map(time), delivery.nextAt.map(time))
    }
}

extension Webhook.State: SchemaDescribed {
    package static var schema: Schema { .string(oneOf: allCases.map(\.rawValue)) }
    package static var sample: Self? { .active }
}

extension WebhookDelivery.State: SchemaDescribed {
    package static var schema: Schema { .string(oneOf: allCases.map(\.rawValue)) }
    package static var sample: Self? { .pending }
}

extension WebhookDelivery.Kind: SchemaDescribed {
    package static var schema: Schema { .string(oneOf: allCases.map(\.rawValue)) }
    package static var sample: Self? { .events }
}
