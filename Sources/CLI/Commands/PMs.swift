import API
import ArgumentParser

/// `hvctl pm`: the machines.
struct PMs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pm",
        abstract: "Shows PMs, and closes them to new VMs.",
        subcommands: [
            ListCommand<PMNoun>.self, GetCommand<PMNoun>.self, Cordon.self, Uncordon.self, SetTags.self,
            DryRunDrain.self,
        ]
    )
}

struct Cordon: ClientCommand {
    static let configuration = CommandConfiguration(abstract: "Closes PMs to new VMs; those on them stay.")

    @OptionGroup var common: CommonOptions

    @Argument(help: "Their addresses or numbers.", completion: PMNoun.completion)
    var pms: [String]

    func run(in session: Session) async throws {
        for pm in pms { session.showPM(try await session.server.call(Endpoints.cordonPM, [pm]).value, "cordoned") }
    }
}

struct Uncordon: ClientCommand {
    static let configuration = CommandConfiguration(abstract: "Opens PMs to new VMs again.")

    @OptionGroup var common: CommonOptions

    @Argument(help: "Their addresses or numbers.", completion: PMNoun.completion)
    var pms: [String]

    func run(in session: Session) async throws {
        for pm in pms {
            session.showPM(try await session.server.call(Endpoints.uncordonPM, [pm]).value, "open to new VMs")
        }
    }
}

struct SetTags: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "tag",
        abstract: "Gives a PM these tags beside those of the pm_file, in place of what it was given before."
    )

    @OptionGroup var common: CommonOptions

    @Argument(help: "Its address or number.", completion: PMNoun.completion)
    var pm: String

    @Argument(help: "The tags; none takes them away.")
    var tags: [String] = []

    func run(in session: Session) async throws {
        let answer = try await session.server.call(Endpoints.setTags, [pm], body: SetTagsRequest(tags: tags))
        session.showPM(answer.value, "tags: \(answer.value["tags"]?.cell ?? "")")
    }
}

extension Session {
    fileprivate func showPM(_ pm: JSONValue, _ what: String) {
        show(pm, as: "PM \(pm["id"]?.cell ?? "")  \(pm["address"]?.cell ?? "")  \(what)")
    }
}
