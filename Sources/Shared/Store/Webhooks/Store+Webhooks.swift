package import Model
import RedisClient

extension Store {
    /// How many webhooks there may be: each has a connection of its own while something is sent to it.
    package static let mostWebhooks = 32
    /// How many of them may be those of one project.
    package static let mostWebhooksOfProject = 8
    /// How many attempts may be asked for at once.
    private static let mostAsked = 10

    /// Makes a webhook (script `create_webhook`).
    ///
    /// - Throws: `Failure`, with `limitReached` where there are as many as there may be, `unknownProject`.
    package func createWebhook(
        name: String,
        url: String,
        types: [String],
        project: ProjectName? = nil,
        secret: WebhookSecret
    ) async throws(Failure) -> Webhook {
        let reply: CreateWebhookReply = try await run(
            .createWebhook,
            [
                "name": name, "url": url, "types": types.joined(separator: ","), "secret": secret.text,
                "project": project?.description ?? "", "limit": Self.mostWebhooks,
                "project_limit": Self.mostWebhooksOfProject,
            ]
        )
        switch reply {
        case .created(let id, let time):
            return Webhook(
                id: id,
                name: name,
                url: url,
                types: types,
                project: project,
                secret: secret.text,
                createdAt: time
            )
        case .unknownProject(let name): throw .unknownProject(name)
        case .full(let count):
            throw Failure(.limitReached, "there are \(count) webhooks already: delete those that nobody needs")
        }
    }

    /// Forgets a webhook (script `delete_webhook`); false where there is none.
    package func deleteWebhook(_ id: WebhookID) async throws(Failure) -> Bool {
        try await run(.deleteWebhook, ["id": id.value])
    }

    /// Has events sent to a webhook again (script `enable_webhook`); false where there is none.
    package func enableWebhook(_ id: WebhookID) async throws(Failure) -> Bool {
        try await run(.enableWebhook, ["id": id.value])
    }

    /// Asks for an attempt to be made now (script `ask_delivery`).
    ///
    /// - Parameters:
    ///   - number: which message is sent again; nil for one that tests the webhook.
    ///   - id: the webhook.
    /// - Returns: the message's number.
    /// - Throws: `Failure`, with `unknownWebhook`, `unknownDelivery` or `limitReached`.
    package func askForDelivery(_ number: DeliveryID?, of id: WebhookID) async throws(Failure) -> DeliveryID {
        let reply: AskDeliveryReply = try await run(
            .askDelivery,
            ["id": id.value, "delivery": number.map { "\($0)" } ?? "", "limit": Self.mostAsked]
        )
        switch reply {
        case .asked(let number): return number
        case .unknownWebhook: throw .unknownWebhook(id)
        case .unknownDelivery: throw .unknownDelivery(of: id)
        case .full:
            throw Failure(.limitReached, "\(Self.mostAsked) attempts are asked for already: wait until they were made")
        }
    }

    /// A page of the webhooks, by number; of a project, or all.
    package func webhooks(
        of project: ProjectName? = nil,
        after last: WebhookID?,
        limit: Int
    ) async throws(Failure) -> RecordPage<Webhook> {
        let reading = RecordReading<Webhook, Webhook>(
            commands: { [["HGETALL", keys.webhook($0)]] },
            record: { (id, replies) throws(Failure) in
                guard let record = try replies[0].record(of: keys.webhook(id)) else { return nil }
                return try Webhook(record: record, key: keys.webhook(id))
            }
        )
        return try await page(of: project.map(keys.webhooks) ?? keys.webhooks, after: last, limit: limit, reading)
    }

    /// One webhook (HGETALL).
    ///
    /// - Throws: `Failure` with `unknownWebhook` where there is none, or none of the project that it is to be of.
    package func webhook(_ id: WebhookID, of project: ProjectName? = nil) async throws(Failure) -> Webhook {
        guard let record = try await send(["HGETALL", keys.webhook(id)]).record(of: keys.webhook(id)) else {
            throw .unknownWebhook(id)
        }
        let webhook = try Webhook(record: record, key: keys.webhook(id))
        guard project == nil || webhook.project == project else { throw .unknownWebhook(id) }
        return webhook
    }

    /// One message (HGETALL).
    ///
    /// - Throws: `Failure` with `unknownDelivery` where there is none, or none any more.
    package func delivery(_ number: DeliveryID, of id: WebhookID) async throws(Failure) -> WebhookDelivery {
        let key = keys.delivery(number, of: id)
        guard let record = try await send(["HGETALL", key]).record(of: key) else { throw .unknownDelivery(of: id) }
        return try WebhookDelivery(record: record, key: key)
    }

    /// A page of the messages to a webhook, the latest first (two round trips).
    ///
    /// - Throws: `Failure` with `unknownWebhook` where there is no such webhook.
    package func deliveries(
        of id: WebhookID,
        before first: DeliveryID?,
        limit: Int
    ) async throws(Failure) -> RecordPage<WebhookDelivery> {
        let replies = try await pipeline([
            ["XREVRANGE", keys.events, "+", "-", "COUNT", "1"], ["HMGET", keys.webhook(id), "id", "deliveries"],
        ])
        guard let fields = replies[1].array, fields.first?.isNull == false else { throw .unknownWebhook(id) }
        let newest = fields.last?.int ?? 0
        let oldest = max(1, newest - LuaLibrary.deliveriesKept + 1)
        let start = min(newest, first.map { $0.value - 1 } ?? newest)
        let end = max(oldest, start - limit + 1)
        let numbers = stride(from: start, through: end, by: -1).compactMap { DeliveryID($0) }
        let reading = RecordReading<WebhookDelivery, WebhookDelivery>(
            commands: { [["HGETALL", keys.delivery($0, of: id)]] },
            record: { (number, replies) throws(Failure) in
                let key = keys.delivery(number, of: id)
                guard let record = try replies[0].record(of: key) else { return nil }
                return try WebhookDelivery(record: record, key: key)
            }
        )
        return RecordPage(
            records: try await records(of: numbers, reading),
            next: end > oldest ? numbers.last?.description : nil,
            events: replies[0].lastEvent
        )
    }
}

private enum CreateWebhookReply: ScriptReply {
    case created(WebhookID, at: String)
    case full(Int)
    case unknownProject(ProjectName)

    init?(_ reply: RESPValue, keys: Keys) {
        guard let parts = reply.array else { return nil }
        switch (parts.first?.string, parts.count) {
        case ("ok", 3):
            guard let id = parts[1].string.flatMap({ WebhookID($0) }), let time = parts[2].string else { return nil }
            self = .created(id, at: time)
        case ("full", 2):
            guard let count = parts[1].int else { return nil }
            self = .full(count)
        case ("unknown_project", 2):
            guard let name = parts[1].string.flatMap({ ProjectName($0) }) else { return nil }
            self = .unknownProject(name)
        default: return nil
        }
    }
}

private enum AskDeliveryReply: ScriptReply {
    case asked(DeliveryID)
    case unknownWebhook
    case unknownDelivery
    case full

    init?(_ reply: RESPValue, keys: Keys) {
        guard let parts = reply.array else { return nil }
        switch (parts.first?.string, parts.count) {
        case ("ok", 2):
            guard let number = parts[1].string.flatMap({ DeliveryID($0) }) else { return nil }
            self = .asked(number)
        case ("unknown_webhook", 1): self = .unknownWebhook
        case ("unknown_delivery", 1): self = .unknownDelivery
        case ("full", 1): self = .full
        default: return nil
        }
    }
}

extension Failure {
    fileprivate static func unknownWebhook(_ id: WebhookID) -> Failure {
        Failure(.unknownWebhook, "there is no webhook \(id): /v1/webhooks lists them")
    }

    fileprivate static func unknownDelivery(of id: WebhookID) -> Failure {
        Failure(.unknownDelivery, "there is no such delivery: /v1/webhooks/\(id)/deliveries lists those that are kept")
    }
}
