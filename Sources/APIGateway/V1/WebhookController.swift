import API
import HTTPTypes
import Model
import Store

/// `/v1/webhooks`.
struct WebhookController: Sendable {
    let store: Store
    /// Whether URLs without TLS are taken.
    let allowsHTTP: Bool

    /// 201 with the secret, which is shown this once.
    @Sendable
    func create(_ call: V1Call<CreateWebhookRequest>) async throws(Failure) -> V1Response<NewWebhookResponse> {
        guard try WebhookURL(call.body.url).scheme == .https || allowsHTTP else {
            throw Failure(
                .invalidRequest,
                "url begins with http://, so that anybody on the way could read the events: use https, or set HVC_WEBHOOK_HTTP=on",
                pointer: "/url"
            )
        }
        let secret = if let given = call.body.secret { try WebhookSecret(given) } else { WebhookSecret() }
        let webhook = try await store.createWebhook(
            name: call.body.name,
            url: call.body.url,
            types: call.body.types ?? [],
            project: try call.limit(to: call.body.project),
            secret: secret
        )
        return try V1Response(NewWebhookResponse(webhook), status: .created, location: "/v1/webhooks/\(webhook.id)")
    }

    @Sendable
    func list(_ call: V1Call<NoBody>) async throws(Failure) -> V1Response<Page<WebhookResponse>> {
        let request = try call.page()
        let page = try await store.webhooks(
            of: call.ownProject,
            after: try request.identifier(),
            limit: request.limit
        )
        return try V1Response(page, of: call) { WebhookResponse($0) }
    }

    @Sendable
    func read(_ call: V1Call<NoBody>) async throws(Failure) -> V1Response<WebhookResponse> {
        try V1Response(WebhookResponse(try await webhook(of: call)))
    }

    @Sendable
    func delete(_ call: V1Call<NoBody>) async throws(Failure) -> V1Response<WebhookResponse> {
        let webhook = try await webhook(of: call)
        // Where another was quicker, it is gone as well.
        _ = try await store.deleteWebhook(webhook.id)
        return try V1Response(WebhookResponse(webhook))
    }

    @Sendable
    func enable(_ call: V1Call<NoBody>) async throws(Failure) -> V1Response<WebhookResponse> {
        let id = try await webhook(of: call).id
        _ = try await store.enableWebhook(id)
        return try V1Response(WebhookResponse(try await store.webhook(id)))
    }

    /// 201 with the message that is to be sent; its record tells what becomes of it.
    @Sendable
    func test(_ call: V1Call<NoBody>) async throws(Failure) -> V1Response<DeliveryResponse> {
        let id = try await webhook(of: call).id
        let delivery = try await store.delivery(try await store.askForDelivery(nil, of: id), of: id)
        let location = "/v1/webhooks/\(id)/deliveries/\(delivery.number)"
        return try V1Response(DeliveryResponse(delivery), status: .created, location: location)
    }

    @Sendable
    func redeliver(_ call: V1Call<NoBody>) async throws(Failure) -> V1Response<DeliveryResponse> {
        let id = try await webhook(of: call).id
        let number = try await store.askForDelivery(try call.identifier("number"), of: id)
        return try V1Response(DeliveryResponse(try await store.delivery(number, of: id)))
    }

    @Sendable
    func listDeliveries(_ call: V1Call<NoBody>) async throws(Failure) -> V1Response<Page<DeliveryResponse>> {
        let webhook = try await webhook(of: call)
        let request = try call.page()
        let page = try await store.deliveries(
            of: webhook.id,
            before: try request.identifier(),
            limit: request.limit
        )
        return try V1Response(page, of: call) { DeliveryResponse($0) }
    }

    @Sendable
    func readDelivery(_ call: V1Call<NoBody>) async throws(Failure) -> V1Response<DeliveryResponse> {
        let delivery = try await store.delivery(try call.identifier("number"), of: try await webhook(of: call).id)
        return try V1Response(DeliveryResponse(delivery))
    }

    /// The webhook that the path names; what a caller may not see is not there for it.
    private func webhook(of call: V1Call<NoBody>) async throws(Failure) -> Webhook {
        try await store.webhook(try call.identifier(), of: call.ownProject)
    }
}

extension WebhookResponse {
    fileprivate init(_ webhook: Webhook) {
        self.init(webhook, failingSince: webhook.failingSince.map { Timestamp.text(milliseconds: $0) })
    }
}

extension DeliveryResponse {
    fileprivate init(_ delivery: WebhookDelivery) {
        self.init(delivery) { Timestamp.text(milliseconds: $0) }
    }
}
