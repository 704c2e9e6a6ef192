import API
import ArgumentParser

/// `hvctl webhook`: who is told what happens.
struct Webhooks: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "webhook",
        abstract: "Has events sent to URLs.",
        subcommands: [
            ListCommand<WebhookNoun>.self, GetCommand<WebhookNoun>.self, CreateWebhook.self, DeleteWebhook.self,
            TestWebhook.self, EnableWebhook.self, ListDeliveries.self, Redeliver.self,
        ]
    )
}

struct CreateWebhook: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Has events sent to a URL, and prints the secret that signs them: this once."
    )

    @OptionGroup var common: CommonOptions

    @Argument(help: "The name.")
    var name: String

    @Argument(help: "The URL.")
    var url: String

    @Option(name: .customLong("type"), help: "Which events, such as job.finished or 'vm.*'; all without it.")
    var types: [String] = []

    func run(in session: Session) async throws {
        let body = CreateWebhookRequest(name: name, url: url, types: types, project: try session.projectName())
        let answer = try await session.server.call(Endpoints.createWebhook, body: body).value
        guard !session.format.isForPrograms else { return session.show(answer) }
        session.terminal.say("webhook \(answer["id"]?.cell ?? ""); its secret, shown this once:\n")
        session.terminal.write((answer["secret"]?.string ?? "") + "\n")
    }
}

struct DeleteWebhook: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Sends nothing more to a webhook.",
        aliases: ["rm"]
    )

    @OptionGroup var common: CommonOptions
    @OptionGroup var webhook: WebhookArgument

    func run(in session: Session) async throws {
        let answer = try await session.server.call(Endpoints.deleteWebhook, [webhook.id]).value
        session.show(answer, as: "webhook \(webhook.id)  deleted")
    }
}

struct TestWebhook: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Has a message without events sent, once."
    )

    @OptionGroup var common: CommonOptions
    @OptionGroup var webhook: WebhookArgument

    func run(in session: Session) async throws {
        let answer = try await session.server.call(Endpoints.testWebhook, [webhook.id]).value
        session.show(answer, as: "message \(answer["number"]?.cell ?? "")  \(answer["state"]?.cell ?? "")")
    }
}

struct EnableWebhook: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "enable",
        abstract: "Goes on sending to a webhook that was disabled."
    )

    @OptionGroup var common: CommonOptions
    @OptionGroup var webhook: WebhookArgument

    func run(in session: Session) async throws {
        let answer = try await session.server.call(Endpoints.enableWebhook, [webhook.id]).value
        session.show(answer, as: "webhook \(webhook.id)  \(answer["state"]?.cell ?? "")")
    }
}

struct ListDeliveries: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "deliveries",
        abstract: "Lists the messages to a webhook with what became of them."
    )

    @OptionGroup var common: CommonOptions
    @OptionGroup var webhook: WebhookArgument

    func run(in session: Session) async throws {
        var text = try session.list(DeliveryColumns.columns, named: "number") { name in
            Schema(of: DeliveryResponse.self)[field: name] != nil
        }
        try await session.server.eachPage(of: Endpoints.listDeliveries, [webhook.id]) { items in
            session.terminal.write(text.add(items))
            return true
        }
        session.terminal.write(text.end())
    }
}

struct Redeliver: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "redeliver",
        abstract: "Has a message sent again, once."
    )

    @OptionGroup var common: CommonOptions
    @OptionGroup var webhook: WebhookArgument

    @Argument(help: "The number of the message.")
    var message: String

    func run(in session: Session) async throws {
        let answer = try await session.server.call(Endpoints.redeliver, [webhook.id, message]).value
        session.show(answer, as: "message \(answer["number"]?.cell ?? "")  \(answer["state"]?.cell ?? "")")
    }
}

struct WebhookArgument: ParsableArguments {
    @Argument(help: ArgumentHelp("Its number.", valueName: "webhook"), completion: WebhookNoun.completion)
    var id: String
}
