import API
import HTTPTypes
import Model
import Store

/// `/v1/projects`.
struct ProjectController: Sendable {
    let store: Store

    @Sendable
    func create(_ call: V1Call<CreateProjectRequest>) async throws(Failure) -> V1Response<ProjectResponse> {
        let name = call.body.name
        try await store.createProject(name, quotas: call.body.quotas?.limited ?? [:])
        return try V1Response(
            ProjectResponse(try await project(name)),
            status: .created,
            location: "/v1/projects/\(name)"
        )
    }

    /// A caller of one project sees that one.
    @Sendable
    func list(_ call: V1Call<NoBody>) async throws(Failure) -> V1Response<Page<ProjectResponse>> {
        let request = try call.page()
        let last = request.position.flatMap { ProjectName($0) }
        let page: RecordPage<Project>
        if let own = call.ownProject {
            let events = try await store.lastEvent().description
            page = RecordPage(records: [try await project(own)], next: nil, events: events)
        } else {
            page = try await store.projects(after: last, limit: request.limit)
        }
        return try V1Response(page, of: call) { ProjectResponse($0) }
    }

    @Sendable
    func read(_ call: V1Call<NoBody>) async throws(Failure) -> V1Response<ProjectResponse> {
        try await answer(about: try call.projectInPath(), call)
    }

    @Sendable
    func update(_ call: V1Call<UpdateProjectRequest>) async throws(Failure) -> V1Response<ProjectResponse> {
        let (name, quotas) = (try call.projectInPath(), call.body.quotas.limited)
        let changes = QuotaResource.allCases.map { ($0, quotas[$0]) }
        switch try await store.update(
            name,
            ifVersion: call.requiredVersions,
            Dictionary(uniqueKeysWithValues: changes)
        ) {
        case .changed: return try await answer(about: name, call)
        case .unknown: throw .unknownProject(name)
        case .outdated: throw .changedSince("project \(name)")
        }
    }

    @Sendable
    func delete(_ call: V1Call<NoBody>) async throws(Failure) -> V1Response<ProjectResponse> {
        let name = try call.projectInPath()
        guard name != .default else {
            throw Failure(.projectInUse, "the project default is always there: what names no project is of it")
        }
        let project = try await project(name)
        switch try await store.deleteProject(name, ifVersion: call.requiredVersions) {
        case .deleted: return try V1Response(ProjectResponse(project))
        case .unknown: throw .unknownProject(name)
        case .outdated: throw .changedSince("project \(name)")
        case .hasVMs(let count):
            throw Failure(.projectInUse, "project '\(name)' has \(count) VMs: destroy them first")
        case .hasToken(let token):
            throw Failure(.projectInUse, "token \(token) is for the project '\(name)': revoke it first")
        case .hasWebhook(let webhook):
            throw Failure(.projectInUse, "webhook \(webhook) is for the project '\(name)': delete it first")
        case .hasSSHKey(let key):
            throw Failure(.projectInUse, "project '\(name)' has the SSH key '\(key)': delete it first")
        }
    }

    private func answer<Body>(
        about name: ProjectName,
        _ call: V1Call<Body>
    ) async throws(Failure) -> V1Response<ProjectResponse> {
        let project = try await project(name)
        return try V1Response(object: ProjectResponse(project), version: project.version, for: call)
    }

    private func project(_ name: ProjectName) async throws(Failure) -> Project {
        guard let project = try await store.project(name) else { throw .unknownProject(name) }
        return project
    }
}
