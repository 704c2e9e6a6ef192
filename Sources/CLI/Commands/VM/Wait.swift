import API
import ArgumentParser

/// `hvctl wait`: until a VM has come so far.
struct Wait: ClientCommand {
    static let configuration = CommandConfiguration(abstract: "Waits until a VM has come so far, and shows it.")

    @OptionGroup var common: CommonOptions

    @Argument(help: "Its name or number.", completion: VMNoun.completion)
    var vm: String

    @OptionGroup var level: LevelOption

    @Option(help: ArgumentHelp("How long to wait, such as 90s, 5m or 1h.", valueName: "time"))
    var timeout: Span = Span(.seconds(300))

    func run(in session: Session) async throws {
        let watch = LevelWatch(
            session: session,
            vm: vm,
            level: level.level ?? .running,
            match: level.match,
            deadline: .now + timeout.duration,
            timeout: timeout
        )
        let object = try await watch.reached().without("reached", "wait")
        session.show(object, as: Session.line(of: object))
    }
}
