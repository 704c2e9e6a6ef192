import API
import ArgumentParser
import Model

/// `hvctl queue`: what waits, and what may go on.
struct Queue: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows and rules the queue.",
        subcommands: [ShowQueue.self, PauseQueue.self, ResumeQueue.self, Rules.self],
        defaultSubcommand: ShowQueue.self
    )

    struct Rules: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rule",
            abstract: "Rejects or defers jobs by kind, project and label.",
            subcommands: [ListRules.self, AddRule.self, RemoveRule.self]
        )
    }
}

struct ShowQueue: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows what waits, what is under way, and the rules."
    )

    @OptionGroup var common: CommonOptions

    static let jobs: [Column] = [
        .field("job", "job_id", number: true), .field("kind"), .field("vm", "vm_id", number: true),
        .field("pm", "pm_id", number: true), .field("worker"), .field("step"), .field("started", "started_at"),
    ]

    func run(in session: Session) async throws {
        let answer = try await session.server.call(Endpoints.readQueue).value
        guard !session.format.isForPrograms else { return session.show(answer) }
        session.terminal.write(Self.summary(answer).map { $0.printable + "\n" }.joined())
        let jobs = answer["jobs"]?.items ?? []
        if !jobs.isEmpty { try session.show(jobs, Self.jobs) }
    }

    static func summary(_ queue: JSONValue) -> [String] {
        func waiting(_ name: String) -> String {
            let depth = queue[path: "\(name).depth"]?.cell ?? "0"
            let age = queue[path: "\(name).oldest_age_s"]?.double.map { " (oldest \(Timestamp.text(of: $0)))" } ?? ""
            return depth + age
        }
        let window = queue[path: "rates.window_s"]?.double ?? 60
        func rate(_ name: String) -> String {
            let count = queue[path: "rates.\(name)"]?.double ?? 0
            return "\((count / max(1, window) * 10).rounded() / 10)/s"
        }
        var lines = [
            "queue \(waiting("capacity"))  direct \(waiting("direct"))  running \(queue["running"]?.cell ?? "0")  "
                + "deferred \(queue["deferred"]?.cell ?? "0")  waiting for room \(waiting("waiting_for_room"))  "
                + "dead \(queue["dead"]?.cell ?? "0")",
            "in \(rate("accepted"))  out \(rate("finished"))",
        ]
        if let pause = queue["paused"] {
            lines.append("paused since \(pause["at"]?.cell ?? ""): \(pause["reason"]?.cell ?? "")")
        }
        for rule in queue["rules"]?.items ?? [] { lines.append("rule: " + ListRules.text(of: rule)) }
        return lines
    }
}

struct PauseQueue: ClientCommand {
    static let configuration = CommandConfiguration(commandName: "pause", abstract: "Has workers take no more jobs.")

    @OptionGroup var common: CommonOptions

    @Option(help: "Why; others see it.")
    var reason: String

    func run(in session: Session) async throws {
        let answer = try await session.server.call(Endpoints.pauseQueue, body: PauseRequest(reason: reason))
        session.show(answer.value, as: "the queue is paused: \(reason)")
    }
}

struct ResumeQueue: ClientCommand {
    static let configuration = CommandConfiguration(commandName: "resume", abstract: "Has workers take jobs again.")

    @OptionGroup var common: CommonOptions

    func run(in session: Session) async throws {
        session.show(try await session.server.call(Endpoints.resumeQueue).value, as: "the queue goes on")
    }
}

struct ListRules: ClientCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Lists the rules.")

    @OptionGroup var common: CommonOptions

    private static let columns: [Column] = [
        .field("kind"), .field("project"), .field("label"), .field("action"), .field("reason"), .field("at"),
        .field("deferred", number: true),
    ]

    func run(in session: Session) async throws {
        let queue = try await session.server.call(Endpoints.readQueue).value
        try session.show(queue["rules"]?.items ?? [], Self.columns)
    }

    static func text(of rule: JSONValue) -> String {
        let scope = ["kind", "project", "label"].compactMap { name in rule[name].map { "\(name) \($0.cell)" } }
        return "\(rule["action"]?.cell ?? "") \(scope.joined(separator: ", ")): \(rule["reason"]?.cell ?? "")"
    }
}

/// The jobs that a rule is for.
struct RuleScope: ParsableArguments {
    @Option(help: "The kind of the jobs: \(Operation.all.map(\.kind.rawValue).joined(separator: ", ")).")
    var kind: String?

    @Option(name: .customLong("of-project"), help: "The project of the jobs.")
    var project: ProjectName?

    @Option(
        name: [.customShort("l"), .customLong("label")],
        help: ArgumentHelp("The label of the VMs.", valueName: "key=value")
    )
    var label: String?
}

struct AddRule: ClientCommand {
    static let configuration = CommandConfiguration(commandName: "add", abstract: "Rejects or defers jobs.")

    @OptionGroup var common: CommonOptions
    @OptionGroup var scope: RuleScope

    @Option(help: "What to do: reject, or defer.")
    var action: QueueRuleAction

    @Option(help: "Why; those who are refused see it.")
    var reason: String

    func run(in session: Session) async throws {
        let body = QueueRuleRequest(
            kind: scope.kind,
            project: scope.project,
            label: scope.label,
            action: action,
            reason: reason
        )
        let answer = try await session.server.call(Endpoints.setQueueRule, body: body)
        session.show(answer.value, as: "the rule holds: \(action.rawValue), \(reason)")
    }
}

struct RemoveRule: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Takes a rule away.",
        aliases: ["rm"]
    )

    @OptionGroup var common: CommonOptions
    @OptionGroup var scope: RuleScope

    func run(in session: Session) async throws {
        let query: Server.Query = [
            ("kind", scope.kind), ("project", scope.project?.description), ("label", scope.label),
        ]
        let answer = try await session.server.call(Endpoints.dropQueueRule, query: query)
        session.show(answer.value, as: "the rule is gone")
    }
}
