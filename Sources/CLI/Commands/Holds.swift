import API
import ArgumentParser
import Model

/// `hvctl hold`: places that are kept for VMs to come.
struct Holds: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hold",
        abstract: "Claims capacity for VMs that are not built yet; 'hvctl create --hold' builds one.",
        subcommands: [ListCommand<HoldNoun>.self, GetCommand<HoldNoun>.self, CreateHold.self, ReleaseHold.self]
    )
}

struct CreateHold: ClientCommand {
    static let configuration = CommandConfiguration(commandName: "create", abstract: "Claims capacity for a VM.")

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
    var image: String

    @Option(help: ArgumentHelp("For how long, a week at most.", valueName: "time"))
    var expires: Span = Span(.seconds(3600))

    @OptionGroup(title: "Place") var place: PlaceOptions
    @OptionGroup var wait: WaitOptions

    func run(in session: Session) async throws {
        let body = CreateHoldRequest(
            type: try TypeID.named(type),
            image: try await session.server.image(image),
            seconds: expires.seconds,
            placement: try place.constraints(),
            project: try session.projectName()
        )
        let answer = try await session.server.accept(Endpoints.createHold, body: body)
        try await session.follow(answer, wait) { job in
            let hold = try await session.server.call(Endpoints.readHold, [job["vm_id"]?.cell ?? ""]).value
            let id = hold["id"]?.cell ?? ""
            session.show(
                hold,
                as: "hold \(id)  PM \(hold["pm_id"]?.cell ?? "")  until \(hold["expires_at"]?.cell ?? "")"
            )
        }
    }
}

struct ReleaseHold: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "release",
        abstract: "Gives a hold back.",
        aliases: ["rm"]
    )

    @OptionGroup var common: CommonOptions

    @Argument(help: "Its number.", completion: HoldNoun.completion)
    var hold: String

    @OptionGroup var wait: WaitOptions

    func run(in session: Session) async throws {
        let answer = try await session.server.accept(Endpoints.releaseHold, [hold], body: NoBody())
        try await session.follow(answer, wait) { job in
            session.show(.object(["id": job["vm_id"] ?? .null, "state": "gone"]), as: "hold \(hold)  released")
        }
    }
}
