import API
import ArgumentParser

/// `hvctl NOUN get`: one object, or several.
struct GetCommand<N: Noun>: ClientCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(commandName: "get", abstract: "Shows \(N.word == "image" ? "an" : "a") \(N.word).")
    }

    @OptionGroup var common: CommonOptions

    @Argument(help: "Its number or name.", completion: N.completion)
    var names: [String]

    func run(in session: Session) async throws {
        guard let endpoint = N.read else { return }
        let takesProject = endpoint.description.query.contains { $0.name == "project" }
        for (index, name) in names.enumerated() {
            let query: Server.Query = takesProject ? [("project", session.project)] : []
            let answer = try await session.server.call(endpoint, [name], query: query)
            if index > 0, session.format == .yaml || session.format == .table { session.terminal.write("---\n") }
            try session.show(answer.value, of: N.columns, named: N.nameField, isField: N.isField)
        }
    }
}
