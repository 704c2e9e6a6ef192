import API
import ArgumentParser
import Model

/// `hvctl dry-run`: what would happen.
struct DryRuns: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dry-run",
        abstract: "Shows what would happen, and does nothing.",
        subcommands: [DryRun.self, DryRunDrain.self]
    )
}

struct DryRun: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Shows where VMs would go now, and why."
    )

    @OptionGroup var common: CommonOptions

    @Option(
        name: [.customShort("t"), .customLong("type")],
        help: "The number of the type.",
        completion: TypeNoun.completion
    )
    var type: String

    @Option(
        name: [.customShort("i"), .customLong("image")],
        help: "The image: its name or number.",
        completion: ImageNoun.completion
    )
    var image: String?

    @Option(help: "How many VMs.")
    var count: Int?

    @Option(help: "Another policy, with weights or without, such as spread:load=0.5.")
    var policy: String?

    @OptionGroup(title: "Place") var place: PlaceOptions

    @Flag(name: .customLong("all"), help: "Shows all PMs that are explained.")
    var showsAll = false

    func run(in session: Session) async throws {
        var request = DryRunRequest(type: try TypeID.named(type), count: count, policy: policy)
        if let image { request.image = try await session.server.image(image) }
        request.placement = try place.constraints()
        try await Self.show(request, all: showsAll, in: session)
    }

    /// Asks, and shows a line for each VM; for one VM the table of PMs.
    static func show(_ request: DryRunRequest, all: Bool = false, in session: Session) async throws {
        let answer = try await session.server.call(Endpoints.dryRun, body: request).value
        guard !session.format.isForPrograms else { return session.show(answer) }
        let decisions = answer["decisions"]?.items ?? []
        if decisions.count == 1, let decision = decisions.first, session.format == .table, session.columns == nil {
            let place = decision["pm_id"].map { "PM \($0.cell)" } ?? "nowhere: \(decision["detail"]?.cell ?? "")"
            session.terminal.write("it would go to \(place)".printable + "\n")
            try DecisionTable(decision["explanation"] ?? .null).show(in: session, all: all)
        } else {
            try session.show(decisions, [.field("pm", "pm_id", number: true), .field("code"), .field("detail")])
        }
        let refused = decisions.filter { $0["pm_id"] == nil }
        guard let first = refused.first else { return }
        let code = first["code"]?.string ?? "no_capacity"
        throw CommandFailure(
            ExitStatus(code: code, status: FailureStatus.of(code)),
            code: code,
            "\(refused.count) of \(decisions.count) would get no place",
            why: RefusedPlace.lines(first["explanation"] ?? .null),
            next: ["hvctl capacity"]
        )
    }
}

struct DryRunDrain: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain",
        abstract: "Shows where the VMs of a PM would go."
    )

    @OptionGroup var common: CommonOptions

    @Argument(help: "The PM: its address or number.", completion: PMNoun.completion)
    var pm: String

    func run(in session: Session) async throws {
        let answer = try await session.server.call(Endpoints.drainPM, [pm], query: [("dry_run", "true")]).value
        guard !session.format.isForPrograms else { return session.show(answer) }
        try session.show(
            answer["moves"]?.items ?? [],
            [
                .field("vm", "vm_id", number: true), .field("pm", "decision.pm_id", number: true),
                .field("code", "decision.code"), .field("detail", "decision.detail"),
            ]
        )
        session.terminal.write(
            answer["possible"]?.flag == true ? "all of them find a place\n" : "not all of them find a place\n"
        )
    }
}
