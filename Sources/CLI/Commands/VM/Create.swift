import API
import ArgumentParser
import Model

/// `hvctl create`: makes a VM, or several.
struct Create: ClientCommand {
    static let configuration = CommandConfiguration(
        abstract: "Creates a VM, waits until it runs, and says where it is.",
        discussion: """
            With --count it creates several, whose names end in numbers. With --dry-run it shows where they would go, and \
            does nothing.
            """
    )

    @OptionGroup var common: CommonOptions

    @Argument(help: "The name.")
    var name: String

    @Option(
        name: [.customShort("t"), .customLong("type")],
        help: "The number of the type.",
        completion: TypeNoun.completion
    )
    var type: String?

    @Option(
        name: [.customShort("i"), .customLong("image")],
        help: "The image: its name or number.",
        completion: ImageNoun.completion
    )
    var image: String

    @Option(help: "The number of the hold whose place it takes.", completion: HoldNoun.completion)
    var hold: VMID?

    @Option(name: .customLong("network"), help: "A network for each network card.", completion: NetworkNoun.completion)
    var networks: [String] = []

    @Flag(name: .customLong("reserve-address"), help: "Has the first network keep an address for it.")
    var reservesAddress = false

    @Option(name: [.customShort("l"), .customLong("label")], help: ArgumentHelp("A label.", valueName: "key=value"))
    var labels: [String] = []

    @Option(help: "What people are to know of it.")
    var description: String?

    @Option(help: "How many VMs.")
    var count: Int?

    @Flag(help: "Gives several VMs their places together, or none.")
    var atomic = false

    @Option(name: .customLong("when-full"), help: "What to do where there is no room: refuse or wait.")
    var whenFull: WhenFull?

    @Option(name: .customLong("room-timeout"), help: ArgumentHelp("For how long to wait for room.", valueName: "time"))
    var roomTimeout: Span?

    @OptionGroup(title: "Place") var place: PlaceOptions
    @OptionGroup(title: "Guest") var guest: GuestOptions
    @OptionGroup var level: LevelOption
    @OptionGroup var wait: WaitOptions

    @Flag(name: .customLong("dry-run"), help: "Shows where it would go, and does nothing.")
    var isDryRun = false

    func validate() throws {
        if type == nil, hold == nil { throw ValidationError("give --type, or --hold") }
        if wait.doesNotWait, level.level != nil { throw ValidationError("give --wait or --no-wait, and not both") }
        if roomTimeout != nil, whenFull != .wait { throw ValidationError("--room-timeout is for --when-full wait") }
    }

    func run(in session: Session) async throws {
        let image = try await session.server.image(image)
        if isDryRun {
            guard let type else { throw CommandFailure.usage("a hold has its place already: leave out --dry-run") }
            return try await DryRun.show(
                DryRunRequest(
                    type: try TypeID.named(type),
                    image: image,
                    count: count,
                    placement: try place.constraints()
                ),
                in: session
            )
        }
        let body = try request(image, session)
        let answer = try await session.server.accept(Endpoints.createVM, body: body)
        if answer.value["vms"] != nil {
            return try await BatchWatch(session: session, deadline: wait.deadline, timeout: wait.timeout)
                .follow(answer.value, waits: !wait.doesNotWait)
        }
        let start = ContinuousClock.now
        try await session.follow(answer, wait) { job in
            try await arrive(job["vm_id"]?.cell ?? "", since: start, session)
        }
    }

    /// How far each VM is to come where nothing is said; nil until its job is done.
    private static var usualLevel: VMLevel? { Environment["HVCTL_WAIT"].flatMap { VMLevel(rawValue: $0) } }

    /// Waits until the VM has come so far, and shows it.
    private func arrive(_ vm: String, since start: ContinuousClock.Instant, _ session: Session) async throws {
        var progress = Progress(session)
        func report(_ name: String, _ text: String = "") {
            let seconds = (ContinuousClock.now - start).seconds
            progress.add(StepLines.Line(name: name, seconds: seconds, text: text).description)
        }
        var object: JSONValue
        if let level = level.level ?? Self.usualLevel {
            var watch = LevelWatch(
                session: session,
                vm: vm,
                level: level,
                match: self.level.match,
                deadline: wait.deadline,
                timeout: wait.timeout
            )
            watch.name = name
            object = try await watch.reached()
            if level != .placed, level != .running, level != .address { report(level.rawValue) }
        } else {
            object = try await session.server.call(Endpoints.readVM, [vm]).value
        }
        if let address = object["primary_ip"]?.string {
            let found = object["addresses"]?.items?.first { $0["address"]?.string == address }
            report("address", "\(address) (\(found?["source"]?.cell ?? "known"))")
        }
        object = object.without("reached", "wait")
        session.show(
            object,
            as: Session.line(of: object) + "  ready in \(Timestamp.text(of: (ContinuousClock.now - start).seconds))"
        )
    }

    private func request(_ image: ImageID, _ session: Session) throws -> CreateVMRequest {
        var request = CreateVMRequest(name: name, image: image)
        request.type = try type.map { name throws(CommandFailure) in try TypeID.named(name) }
        request.hold = hold
        request.placement = try place.constraints()
        request.networks = networks.isEmpty ? nil : networks
        request.address = reservesAddress ? .reserve : nil
        if !labels.isEmpty { request.labels = try Pair.dictionary(labels, of: "label") }
        request.description = description
        request.project = try session.projectName()
        request.count = count
        request.atomic = atomic ? true : nil
        request.whenFull = whenFull
        request.waitSeconds = whenFull == .wait ? (roomTimeout ?? Span(.seconds(600))).seconds : nil
        let guest = try guest.request()
        (request.sshKeys, request.hostname, request.seed) = (guest.sshKeys, guest.hostname, guest.seed)
        (request.userData, request.userDataBase64) = (guest.userData, guest.userDataBase64)
        request.networkConfig = guest.networkConfig
        return request
    }
}

extension WhenFull: ExpressibleByArgument {}

extension Duration {
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}

extension JSONValue {
    /// The object without these members.
    func without(_ names: String...) -> JSONValue {
        guard case .object(let members) = self else { return self }
        return .object(members.filter { !names.contains($0.key) })
    }
}
