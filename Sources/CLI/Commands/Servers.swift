import API
import ArgumentParser
import Client

/// `hvctl server`: the gateways that the user works with.
struct Servers: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "server",
        abstract: "Names gateways, and says which one commands are for.",
        subcommands: [AddServer.self, UseServer.self, ListServers.self, RemoveServer.self]
    )
}

struct AddServer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Names a gateway; the first one is used where none is named.",
        discussion: "'hvctl login' stores a token for it."
    )

    @Argument(help: "A name for it.")
    var name: String

    @Argument(help: "Its address, such as http://127.0.0.1:8080.")
    var address: String

    @Option(help: "The project that commands are about where they name none.")
    var project: String?

    @Option(
        name: .customLong("ca-file"),
        help: "A file of certificates to trust in place of the system's, for https.",
        completion: .file()
    )
    var authorities: String?

    func run() async throws {
        if let authorities { _ = try LocalFile.read(authorities) }
        _ = try Server(address: address, token: nil)
        guard !name.contains("://"), !name.isEmpty else {
            throw CommandFailure.usage("'\(name)' is no name of a server")
        }
        var profiles = try Profiles.load()
        profiles[name] = Profiles.Profile(
            address: address,
            token: profiles[name]?.token,
            project: project,
            authorities: authorities.map(LocalFile.absolute)
        )
        if profiles.current == nil { profiles.current = name }
        try profiles.save()
        Terminal.current.write("\(name)  \(address)\(profiles.current == name ? "  in use" : "")\n")
    }
}

struct UseServer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "use", abstract: "Has commands be for this gateway.")

    @Argument(help: "Its name.", completion: .shellCommand("hvctl server list -o name 2>/dev/null"))
    var name: String

    func run() async throws {
        var profiles = try Profiles.load()
        _ = try profiles.named(name)
        profiles.current = name
        try profiles.save()
        Terminal.current.write("\(name)  in use\n")
    }
}

struct RemoveServer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Forgets a gateway and its token.",
        aliases: ["rm"]
    )

    @Argument(help: "Its name.", completion: .shellCommand("hvctl server list -o name 2>/dev/null"))
    var name: String

    func run() async throws {
        var profiles = try Profiles.load()
        _ = try profiles.named(name)
        profiles[name] = nil
        if profiles.current == name { profiles.current = nil }
        try profiles.save()
        Terminal.current.write("\(name)  forgotten\n")
    }
}

struct ListServers: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists the gateways.",
        aliases: ["ls"]
    )

    @OptionGroup var common: CommonOptions

    private static let columns: [Column] = [
        .field("name"), .field("address"), .field("project"), .field("token"), .field("used"),
    ]

    func run() async throws {
        let profiles = try Profiles.load()
        let rows = profiles.servers.sorted { $0.key < $1.key }.map { name, profile -> JSONValue in
            .object([
                "name": .string(name), "address": .string(profile.address), "project": .string(profile.project ?? ""),
                "token": .string(profile.token == nil ? "none" : "stored"), "used": .boolean(profiles.current == name),
            ])
        }
        try common.localSession().show(rows, Self.columns)
    }
}

/// `hvctl login`: stores a token.
struct Login: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Stores a token for a gateway, once the gateway takes it.",
        discussion:
            "The token is read from the terminal without being shown, or from the input: it never stands on a command line."
    )

    @OptionGroup var common: CommonOptions

    func run() async throws {
        var profiles = try Profiles.load()
        let choice = common.server ?? profiles.current ?? "local"
        var profile =
            choice == "local" && profiles["local"] == nil
            ? Profiles.Profile(address: Profiles.usualAddress) : try profiles.profile(choice)
        guard let token = Terminal.readSecret("token for \(profile.address): ")?.trimmingBlanks, !token.isEmpty else {
            throw CommandFailure.usage("no token was given", next: ["hvctl login < FILE"])
        }
        let caller = try await Server(address: profile.address, token: token, authorities: profile.authorities).call(
            Endpoints.readOwnToken
        ).value
        profile.token = token
        let name = profiles[choice] == nil && choice.contains("://") ? "default" : choice
        profiles[name] = profile
        if profiles.current == nil { profiles.current = name }
        try profiles.save()
        try common.localSession().show(caller, as: OwnToken.line(caller))
    }
}

extension String {
    fileprivate var trimmingBlanks: String {
        String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}
