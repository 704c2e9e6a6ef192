import API
import ArgumentParser

/// `hvctl batch`: several VMs that were asked for by one request.
struct Batches: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "batch",
        abstract: "Shows batches; 'hvctl create --count' makes one.",
        subcommands: [ListCommand<BatchNoun>.self, GetBatch.self, WaitForBatch.self, CancelBatch.self]
    )
}

struct GetBatch: ClientCommand {
    static let configuration = CommandConfiguration(commandName: "get", abstract: "Shows a batch with its VMs.")

    @OptionGroup var common: CommonOptions

    @Argument(help: "Its number.", completion: BatchNoun.completion)
    var batch: String

    func run(in session: Session) async throws {
        let answer = try await session.server.call(Endpoints.readBatch, [batch])
        try await BatchWatch(session: session, deadline: .now, timeout: Span(.zero)).follow(answer.value, waits: false)
    }
}

struct WaitForBatch: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait",
        abstract: "Waits until the jobs of a batch have ended."
    )

    @OptionGroup var common: CommonOptions

    @Argument(help: "Its number.", completion: BatchNoun.completion)
    var batch: String

    @Option(help: ArgumentHelp("How long to wait, such as 90s, 5m or 1h.", valueName: "time"))
    var timeout: Span = Span(.seconds(300))

    func run(in session: Session) async throws {
        let answer = try await session.server.call(Endpoints.readBatch, [batch])
        let watch = BatchWatch(session: session, deadline: .now + timeout.duration, timeout: timeout)
        try await watch.follow(answer.value, waits: true)
    }
}

struct CancelBatch: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Cancels the jobs of a batch that have not ended."
    )

    @OptionGroup var common: CommonOptions

    @Argument(help: "Its number.", completion: BatchNoun.completion)
    var batch: String

    func run(in session: Session) async throws {
        let answer = try await session.server.call(Endpoints.cancelBatch, [batch], query: [("wait", "30")])
        try await BatchWatch(session: session, deadline: .now, timeout: Span(.zero)).follow(answer.value, waits: false)
    }
}
