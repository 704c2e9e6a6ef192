import API
import ArgumentParser
import Model

/// `hvctl key`: who may log in to guests.
struct Keys: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Keeps public SSH keys under names.",
        subcommands: [ListCommand<KeyNoun>.self, GetCommand<KeyNoun>.self, AddKey.self, DeleteKey.self]
    )
}

struct AddKey: ClientCommand {
    static let configuration = CommandConfiguration(commandName: "add", abstract: "Keeps a public key under a name.")

    @OptionGroup var common: CommonOptions

    @Argument(help: "The name.")
    var name: String

    @Argument(help: "The file of the public key, or the key itself.", completion: .file(extensions: ["pub"]))
    var key: String

    func run(in session: Session) async throws {
        guard let name = SSHKeyName(name) else {
            throw CommandFailure.usage(
                "'\(name)' is no name: 1 to 64 letters, digits, dots, hyphens and underscores, a letter first"
            )
        }
        let line = key.contains(" ") ? key : try GuestOptions.line(key)
        let body = CreateSSHKeyRequest(name: name, key: line, project: try session.projectName())
        let answer = try await session.server.call(Endpoints.createSSHKey, body: body).value
        session.show(answer, as: "\(answer["name"]?.cell ?? "")  \(answer["fingerprint"]?.cell ?? "")")
    }
}

struct DeleteKey: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Forgets a key; VMs that were created with it keep it.",
        aliases: ["rm"]
    )

    @OptionGroup var common: CommonOptions

    @Argument(help: "Its name.", completion: KeyNoun.completion)
    var name: String

    func run(in session: Session) async throws {
        let answer = try await session.server.call(
            Endpoints.deleteSSHKey,
            [name],
            query: [("project", session.project)]
        )
        session.show(answer.value, as: "\(name)  forgotten")
    }
}
