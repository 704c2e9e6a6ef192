package import Model
import RedisClient

/// What came of deleting a project.
package enum ProjectDeletion: Hashable, Sendable {
    case deleted
    case unknown
    /// It has another version than the caller knows.
    case outdated
    /// It has so many VMs.
    case hasVMs(Int)
    case hasToken(TokenID)
    case hasWebhook(WebhookID)
    case hasSSHKey(SSHKeyName)
}

extension Store {
    /// How many projects there may be.
    package static let mostProjects = 10_000

    /// Makes a project (script `create_project`).
    ///
    /// - Throws: `Failure` with `projectExists` or `limitReached`.
    package func createProject(_ name: ProjectName, quotas: [QuotaResource: Int]) async throws(Failure) {
        let reply: CreateProjectReply = try await run(
            .createProject,
            ["project": name.description, "limit": Self.mostProjects],
            more: quotas.flatMap { ["quota_\($0.field)", "\($1)"] }
        )
        switch reply {
        case .created: return
        case .exists:
            throw Failure(
                .projectExists,
                "there is a project '\(name)' already: choose another name, or change that one"
            )
        case .full(let count):
            throw Failure(.limitReached, "there are \(count) projects already: delete those that nobody needs")
        }
    }

    /// Changes the quotas of a project (script `update_project`).
    ///
    /// - Parameters:
    ///   - name: the project.
    ///   - versions: those of which it must have one; nil for any.
    ///   - changes: the quotas that change, each with its new limit; nil for none.
    /// - Returns: what came of it.
    /// - Throws: `Failure`.
    package func update(
        _ name: ProjectName,
        ifVersion versions: [String]?,
        _ changes: [QuotaResource: Int?]
    ) async throws(Failure) -> RecordChange {
        let fields = changes.flatMap { ["quota_\($0.field)", $1.map(String.init) ?? ""] }
        let arguments: ScriptArguments = ["project": name.description, "if_versions": versions.conditionWords]
        return try await run(.updateProject, arguments, more: fields)
    }

    /// Forgets a project that has no VMs, tokens and SSH keys (script `delete_project`).
    package func deleteProject(
        _ name: ProjectName,
        ifVersion versions: [String]?
    ) async throws(Failure) -> ProjectDeletion {
        try await run(.deleteProject, ["project": name.description, "if_versions": versions.conditionWords])
    }

    /// A project (HGETALL); nil where there is none.
    package func project(_ name: ProjectName) async throws(Failure) -> Project? {
        let record = try await send(["HGETALL", keys.project(name)]).record(of: keys.project(name))
        return try Project(name, record: record, key: keys.project(name))
    }

    /// A page of the projects, by name (two round trips).
    package func projects(after last: ProjectName?, limit: Int) async throws(Failure) -> RecordPage<Project> {
        let replies = try await pipeline([
            ["XREVRANGE", keys.events, "+", "-", "COUNT", "1"],
            ["ZRANGEBYLEX", keys.projects, last.map { "(\($0)" } ?? "-", "+", "LIMIT", "0", limit + 1],
        ])
        var names = (replies[1].strings ?? []).compactMap { ProjectName($0) }
        // It is there though nobody has made a VM in it yet.
        if last.map({ $0 < .default }) ?? true, !names.contains(.default) { names = (names + [.default]).sorted() }
        let page = Array(names.prefix(limit))
        let records = try await pipeline(page.map { ["HGETALL", keys.project($0)] })
        var projects: [Project] = []
        for (name, reply) in zip(page, records) {
            let record = try reply.record(of: keys.project(name))
            if let project = try Project(name, record: record, key: keys.project(name)) { projects.append(project) }
        }
        return RecordPage(
            records: projects,
            next: names.count > limit ? page.last?.description : nil,
            events: replies[0].lastEvent
        )
    }

    /// The project of a VM, by its record or by its last job (two round trips); nil where neither is there.
    package func project(of vm: VMID) async throws(Failure) -> ProjectName? {
        let command = RedisCommand("HMGET", arguments: [keys.vm(vm), "id", "project"].map(\.redisArgument))
        let fields = RecordFields(["id", "project"], try await send(command).array ?? [], key: keys.vm(vm))
        guard fields["id"] != nil else { return try await jobs(JobFilter(vm: vm), limit: 1).records.first?.project }
        return try fields.value("project") { ProjectName($0) } ?? .default
    }

    /// Of some VMs those of a project (HGET of each, in one write).
    package func vms(_ vms: [VMID], of project: ProjectName) async throws(Failure) -> [VMID] {
        let projects = try await pipeline(vms.map { ["HGET", keys.vm($0), "project"] })
        return zip(vms, projects).filter { ($1.string.flatMap { ProjectName($0) } ?? .default) == project }.map(\.0)
    }

    /// The project of a job (HMGET); nil where it has no record.
    package func project(of job: JobID) async throws(Failure) -> ProjectName? {
        let command = RedisCommand("HMGET", arguments: [keys.job(job), "id", "project"].map(\.redisArgument))
        let fields = RecordFields(["id", "project"], try await send(command).array ?? [], key: keys.job(job))
        guard fields["id"] != nil else { return nil }
        return try fields.value("project") { ProjectName($0) } ?? .default
    }

    /// Of some events those about a project: its jobs and its VMs, as far as these have records (one round trip).
    package func events(_ events: [StoreEvent], of project: ProjectName) async throws(Failure) -> [StoreEvent] {
        let subjects = events.map { event in
            event.fields["job"].flatMap { JobID($0) }.map { keys.job($0) }
                ?? event.fields["vm"].flatMap { VMID($0) }.map { keys.vm($0) }
        }
        let wanted = Set(subjects.compactMap(\.self)).sorted()
        guard !wanted.isEmpty else { return [] }
        let commands = wanted.map { RedisCommand("HMGET", arguments: [$0, "id", "project"].map(\.redisArgument)) }
        var known: [String: ProjectName] = [:]
        for (key, reply) in zip(wanted, try await pipeline(commands)) {
            let fields = RecordFields(["id", "project"], reply.array ?? [], key: key)
            guard fields["id"] != nil else { continue }
            known[key] = try fields.value("project") { ProjectName($0) } ?? .default
        }
        return zip(events, subjects).filter { event, key in
            let named = event.fields["project"].flatMap { ProjectName($0) }
            return (named ?? key.flatMap { known[$0] }) == project
        }.map(\.0)
    }

    /// Corrects what a project counts.
    ///
    /// - Parameter correction: by how much.
    /// - Throws: `Failure`.
    package func repair(_ correction: ProjectCorrection) async throws(Failure) {
        let needs = correction.needs
        let _: Bool = try await run(
            .repairProject,
            [
                "project": correction.project.description, "vms": correction.vms, "cpu": needs.cpu, "ram": needs.ram,
                "disk": needs.disk,
            ]
        )
    }
}

/// How many VMs more a project has than its record says, and how much more they need; either may be negative.
package struct ProjectCorrection: Hashable, Sendable {
    package let project: ProjectName
    package let vms: Int
    package let needs: Resources

    package init(project: ProjectName, from known: ProjectUsage, to right: ProjectUsage) {
        self.project = project
        vms = right.vms - known.vms
        needs = right.needs - known.needs
    }
}

extension QuotaResource {
    /// What a project's record calls it.
    fileprivate var field: String {
        switch self {
        case .vms: "vms"
        case .vcpus: "cpu"
        case .ram: "ram"
        case .disk: "disk"
        }
    }
}

extension Project {
    /// Reads the hash `project:<name>`; nil for a project that is not there.
    init?(_ name: ProjectName, record: [String: String]?, key: String) throws(Failure) {
        guard record?.isEmpty == false || name == .default else { return nil }
        let fields = RecordFields(record ?? [:], key: key)
        func number(_ name: String) throws(Failure) -> Int? { try fields.value(name) { Int($0) } }
        var quotas: [QuotaResource: Int] = [:]
        for resource in QuotaResource.allCases { quotas[resource] = try number("quota_\(resource.field)") }
        self.init(
            name: name,
            createdAt: fields["created_at"],
            quotas: quotas,
            usage: ProjectUsage(
                vms: try number("vms") ?? 0,
                needs: Resources(
                    cpu: try number("cpu") ?? 0,
                    ram: try number("ram") ?? 0,
                    disk: try number("disk") ?? 0
                )
            ),
            version: try number("version") ?? 0
        )
    }
}

/// What the script answers that makes a project.
private enum CreateProjectReply: ScriptReply {
    case created
    case exists
    case full(Int)

    init?(_ reply: RESPValue, keys: Keys) {
        guard let parts = reply.array else { return nil }
        switch (parts.first?.string, parts.count) {
        case ("ok", 1): self = .created
        case ("exists", 1): self = .exists
        case ("full", 2):
            guard let count = parts[1].int else { return nil }
            self = .full(count)
        default: return nil
        }
    }
}

extension ProjectDeletion: ScriptReply {
    init?(_ reply: RESPValue, keys: Keys) {
        guard let words = reply.strings else { return nil }
        switch (words.first, words.count) {
        case ("ok", 1): self = .deleted
        case ("unknown", 1): self = .unknown
        case ("changed", 1): self = .outdated
        case ("in_use", 3):
            if words[1] == "token", let token = TokenID(words[2]) {
                self = .hasToken(token)
            } else if words[1] == "webhook", let webhook = WebhookID(words[2]) {
                self = .hasWebhook(webhook)
            } else if words[1] == "ssh_key", let name = SSHKeyName(words[2]) {
                self = .hasSSHKey(name)
            } else if let count = Int(words[2]) {
                self = .hasVMs(count)
            } else {
                return nil
            }
        default: return nil
        }
    }
}

extension Failure {
    /// There is no such project.
    package static func unknownProject(_ name: some CustomStringConvertible) -> Failure {
        Failure(.unknownProject, "there is no project '\(name)': an administrator makes them by POST /v1/projects")
    }

    /// What an enqueue script answers where a project refuses more: `{'unknown_project', …}`, `{'quota_exceeded', …}`.
    init?(projectRefusal words: [String]) {
        switch (words.first, words.count) {
        case ("unknown_project", 2): self = .unknownProject(words[1])
        case ("quota_exceeded", 6):
            guard let resource = QuotaResource.allCases.first(where: { $0.field == words[2] }),
                let limit = Int(words[3]), let used = Int(words[4]),
                let asked = Int(words[5])
            else { return nil }
            self.init(
                .quotaExceeded,
                "project '\(words[1])' has \(used) of \(limit) \(resource.rawValue), and this asks for \(asked): destroy what "
                    + "nobody needs, or have an administrator raise the quota",
                quota: QuotaExcess(of: resource, limit: limit, used: used, asked: asked)
            )
        default: return nil
        }
    }
}
