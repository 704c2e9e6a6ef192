import Model
import RedisClient
import Store
import TestKit

extension EveryScript {
    func webhooks() async throws {
        let id = try await store.createWebhook(name: "a", url: "https://a/", types: [], secret: WebhookSecret()).id
        guard let status = try await store.webhookStatus(id) else { return }
        _ = try await store.hold(.webhooks, holder: "w", for: .seconds(60))
        let test = try await store.askForDelivery(nil, of: id)
        _ = try await store.record(AttemptRecord(.failed, reason: "r"), at: test, of: id, by: "w")
        _ = try await store.askForDelivery(test, of: id)
        for end in [AttemptRecord(.pending), AttemptRecord(.delivered, status: 200), .init(.failed, disables: "r")] {
            let last = try await store.lastEvent()
            guard let now = try await store.webhookStatus(id) else { return }
            _ = try await store.openDelivery(.events, to: now, upTo: last, events: 1, by: "w")
            guard let open = try await store.webhookStatus(id)?.open else { return }
            _ = try await store.askForDelivery(open.number, of: id)
            _ = try await store.record(end, at: open.number, of: id, by: "w")
        }
        _ = try await store.enableWebhook(id)
        _ = try await store.passEvents(of: status, upTo: status.position, by: "w")
        if let now = try await store.webhookStatus(id) {
            _ = try await store.passEvents(of: now, upTo: try await store.lastEvent(), by: "w")
        }
        _ = try await store.deleteWebhook(id)
        let own = try await store.createWebhook(
            name: "b",
            url: "https://b/",
            types: [],
            project: .default,
            secret: WebhookSecret()
        ).id
        if let now = try await store.webhookStatus(own) {
            let last = try await store.lastEvent()
            _ = try await store.openDelivery(.events, to: now, upTo: last, events: 1, items: [last], by: "w")
        }
        _ = try await store.deleteWebhook(own)
        try await store.release(.webhooks, holder: "w")
    }
}
