import API
import ArgumentParser
import Model

/// `hvctl project`: whose VMs are whose, and how many they may be.
struct Projects: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "project",
        abstract: "Shows, makes and changes projects.",
        subcommands: [
            ListCommand<ProjectNoun>.self, GetCommand<ProjectNoun>.self, CreateProject.self, SetProject.self,
            DeleteProject.self,
        ]
    )
}

/// How much the VMs of a project may need together.
struct QuotaOptions: ParsableArguments {
    @Option(help: "How many VMs.")
    var vms: Int?

    @Option(help: "How many virtual CPUs.")
    var vcpus: Int?

    @Option(name: .customLong("ram-mib"), help: "How much memory, in MiB.")
    var ramMiB: Int?

    @Option(name: .customLong("disk-gib"), help: "How much disk, in GiB.")
    var diskGiB: Int?

    var quotas: ProjectQuotas {
        var quotas = ProjectQuotas()
        (quotas.vms, quotas.vcpus, quotas.ramMiB, quotas.diskGiB) = (vms, vcpus, ramMiB, diskGiB)
        return quotas
    }
}

struct CreateProject: ClientCommand {
    static let configuration = CommandConfiguration(commandName: "create", abstract: "Makes a project.")

    @OptionGroup var common: CommonOptions

    @Argument(help: "The name: lower-case letters, digits and hyphens, a letter first.")
    var name: ProjectName

    @OptionGroup(title: "Quotas") var quotas: QuotaOptions

    func run(in session: Session) async throws {
        let body = CreateProjectRequest(name: name, quotas: quotas.quotas)
        session.show(try await session.server.call(Endpoints.createProject, body: body).value, as: "\(name)")
    }
}

struct SetProject: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Gives a project these quotas in place of all that it has."
    )

    @OptionGroup var common: CommonOptions

    @Argument(help: "Its name.", completion: ProjectNoun.completion)
    var name: String

    @OptionGroup(title: "Quotas") var quotas: QuotaOptions

    func run(in session: Session) async throws {
        let body = UpdateProjectRequest(quotas: quotas.quotas)
        let answer = try await session.server.call(Endpoints.updateProject, [name], body: body).value
        session.show(answer, as: "\(name)  quotas \(answer["quotas"]?.cell ?? "")")
    }
}

struct DeleteProject: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Deletes a project that has nothing any more.",
        aliases: ["rm"]
    )

    @OptionGroup var common: CommonOptions

    @Argument(help: "Its name.", completion: ProjectNoun.completion)
    var name: String

    func run(in session: Session) async throws {
        session.show(try await session.server.call(Endpoints.deleteProject, [name]).value, as: "\(name)  deleted")
    }
}

/// `hvctl quota`: what a project has, and what it may have.
struct Quota: ClientCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows the quotas of a project, and what is used of them."
    )

    @OptionGroup var common: CommonOptions

    @Argument(help: "Its name; without one, that of -p, the token's, or 'default'.", completion: ProjectNoun.completion)
    var name: String?

    private static let columns: [Column] = [
        .field("resource"), .field("used", number: true), .field("limit", number: true),
    ]

    func run(in session: Session) async throws {
        var project = name ?? session.project
        if project == nil { project = try await session.server.call(Endpoints.readOwnToken).value["project"]?.string }
        let answer = try await session.server.call(Endpoints.readProject, [project ?? ProjectName.default.description])
            .value
        let rows = ["vms", "vcpus", "ram_mib", "disk_gib"].map { name -> JSONValue in
            .object([
                "resource": .string(name), "used": answer[path: "used.\(name)"] ?? 0,
                "limit": answer[path: "quotas.\(name)"] ?? "none",
            ])
        }
        try session.show(rows, Self.columns)
    }
}
