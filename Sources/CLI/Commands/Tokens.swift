import API
import ArgumentParser
import Model

/// `hvctl token`: who may do what.
struct Tokens: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Makes, shows and revokes tokens.",
        subcommands: [
            ListCommand<TokenNoun>.self, OwnToken.self, CreateToken.self, RevokeToken.self, ConfirmTokens.self,
        ]
    )
}

struct OwnToken: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "self",
        abstract: "Shows who you are, and what you may do."
    )

    @OptionGroup var common: CommonOptions

    func run(in session: Session) async throws {
        let answer = try await session.server.call(Endpoints.readOwnToken).value
        session.show(answer, as: Self.line(answer))
    }

    static func line(_ caller: JSONValue) -> String {
        let place = caller["project"].map { "in project \($0.cell)" } ?? "in all projects"
        let until = caller["expires_at"].map { ", until \($0.cell)" } ?? ""
        return "\(caller["name"]?.cell ?? "")  role \(caller["role"]?.cell ?? "") \(place)\(until)"
    }
}

struct CreateToken: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Makes a token, and prints it: this once."
    )

    @OptionGroup var common: CommonOptions

    @Argument(help: "Whose it is, or what for.")
    var name: String

    @Option(help: "What it may do: \(AccessRole.allCases.map(\.rawValue).joined(separator: ", ")).")
    var role: AccessRole

    @Option(
        name: .customLong("for-project"),
        help: "The only project that it is for.",
        completion: ProjectNoun.completion
    )
    var only: ProjectName?

    @Option(help: ArgumentHelp("For how long it is good.", valueName: "time"))
    var expires: Span?

    func run(in session: Session) async throws {
        let body = CreateTokenRequest(name: name, role: role, seconds: expires?.seconds, project: only)
        let answer = try await session.server.call(Endpoints.createToken, body: body).value
        guard !session.format.isForPrograms else { return session.show(answer) }
        session.terminal.say("token \(answer["id"]?.cell ?? ""), shown this once:\n")
        session.terminal.write((answer["token"]?.string ?? "") + "\n")
    }
}

struct RevokeToken: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Revokes a token: it is refused from now on.",
        aliases: ["rm"]
    )

    @OptionGroup var common: CommonOptions

    @Argument(help: "Its number.", completion: TokenNoun.completion)
    var token: String

    func run(in session: Session) async throws {
        let answer = try await session.server.call(Endpoints.revokeToken, [token]).value
        session.show(answer, as: "token \(token)  \(answer["name"]?.cell ?? "")  revoked")
    }
}

struct ConfirmTokens: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "confirm",
        abstract: "Lets tokens be used again after Redis has gone back to an older copy of its data."
    )

    @OptionGroup var common: CommonOptions

    func run(in session: Session) async throws {
        let answer = try await session.server.call(Endpoints.confirmTokens).value
        session.show(answer, as: "\(answer["tokens"]?.cell ?? "0") tokens may be used again")
    }
}
