package import Model

extension Endpoints {
    package static let createProject = Endpoint<CreateProjectRequest, ProjectResponse>(
        v1: "createProject",
        .post,
        "/v1/projects",
        status: 201,
        right: .admin,
        "Makes a project, with quotas or without."
    )
    package static let listProjects = Endpoint<NoBody, Page<ProjectResponse>>(
        list: "listProjects",
        "/v1/projects",
        scope: .project,
        "Lists the projects, by name."
    )
    package static let readProject = Endpoint<NoBody, ProjectResponse>(
        v1: "readProject",
        .get,
        "/v1/projects/{name}",
        query: [.optional("fields")],
        scope: .project,
        "Shows a project: its quotas, and what its VMs need together."
    )
    package static let updateProject = Endpoint<UpdateProjectRequest, ProjectResponse>(
        v1: "updateProject",
        .patch,
        "/v1/projects/{name}",
        isConditional: true,
        right: .admin,
        "Changes the quotas of a project; what it has already stays."
    )
    package static let deleteProject = Endpoint<NoBody, ProjectResponse>(
        v1: "deleteProject",
        .delete,
        "/v1/projects/{name}",
        isConditional: true,
        right: .admin,
        "Deletes a project that has no VMs, tokens, webhooks and SSH keys."
    )

    static let projects = [
        createProject.description, listProjects.description, readProject.description, updateProject.description,
        deleteProject.description,
    ]
}

/// How much the VMs of a project may need together; what is missing has no limit.
package struct ProjectQuotas: Codable, Hashable, Sendable, FieldForms {
    package var vms: Int?
    package var vcpus: Int?
    package var ramMiB: Int?
    package var diskGiB: Int?

    private enum CodingKeys: String, CodingKey {
        case vms, vcpus
        case ramMiB = "ram_mib"
        case diskGiB = "disk_gib"
    }

    private static let limits = 0...1_000_000_000_000
    package static let forms = [
        CodingKeys.vms.rawValue: Schema.integer(limits), CodingKeys.vcpus.rawValue: .integer(limits),
        CodingKeys.ramMiB.rawValue: .integer(limits), CodingKeys.diskGiB.rawValue: .integer(limits),
    ]

    package init(_ quotas: [QuotaResource: Int] = [:]) {
        (vms, vcpus, ramMiB, diskGiB) = (quotas[.vms], quotas[.vcpus], quotas[.ram], quotas[.disk])
    }

    /// Those that have a limit.
    package var limited: [QuotaResource: Int] {
        let all: [QuotaResource: Int?] = [.vms: vms, .vcpus: vcpus, .ram: ramMiB, .disk: diskGiB]
        return all.compactMapValues(\.self)
    }

    fileprivate func validate() throws(Failure) {
        for (resource, limit) in limited.sorted(by: { $0.key.rawValue < $1.key.rawValue })
        where !Self.limits.contains(limit) {
            throw Failure(
                .invalidRequest,
                "the quota \(resource.rawValue) is \(limit): give 0 to \(Self.limits.upperBound)",
                pointer: "/quotas/\(resource.rawValue)"
            )
        }
    }
}

/// The body of `POST /v1/projects`.
package struct CreateProjectRequest: APIRequest, Hashable {
    package var name: ProjectName
    package var quotas: ProjectQuotas?

    package init(name: ProjectName, quotas: ProjectQuotas? = nil) { (self.name, self.quotas) = (name, quotas) }

    package func validate() throws(Failure) { try quotas?.validate() }
}

/// The body of `PATCH /v1/projects/{name}`.
package struct UpdateProjectRequest: APIRequest, Hashable {
    /// In place of all quotas that the project has.
    package var quotas: ProjectQuotas

    package init(quotas: ProjectQuotas) { self.quotas = quotas }

    package func validate() throws(Failure) { try quotas.validate() }
}

/// A project.
package struct ProjectResponse: Codable, Hashable, Sendable {
    package let name: ProjectName
    package let quotas: ProjectQuotas
    package let used: ProjectUse
    /// Missing for the project `default` before anything was made in it.
    package let createdAt: String?
    /// The time when people changed it last, in microseconds since 1970; 0 where they have not.
    package let version: Int

    private enum CodingKeys: String, CodingKey {
        case name, quotas, used, version
        case createdAt = "created_at"
    }

    package init(_ project: Project) {
        (name, quotas, used) = (project.name, ProjectQuotas(project.quotas), ProjectUse(project.usage))
        (createdAt, version) = (project.createdAt, project.version)
    }
}

/// What the VMs of a project need together; holds and VMs that are queued count.
package struct ProjectUse: Codable, Hashable, Sendable {
    package let vms: Int
    package let vcpus: Int
    package let ramMiB: Int
    package let diskGiB: Int

    private enum CodingKeys: String, CodingKey {
        case vms, vcpus
        case ramMiB = "ram_mib"
        case diskGiB = "disk_gib"
    }

    package init(_ usage: ProjectUsage) {
        (vms, vcpus) = (usage.vms, usage.needs.cpu)
        (ramMiB, diskGiB) = (usage.needs.ram, usage.needs.disk)
    }
}

extension ProjectName: SchemaDescribed {
    package static var schema: Schema { .pattern("^[a-z][a-z0-9-]*$", longest: longest) }
    package static var sample: Self? { .default }
}
