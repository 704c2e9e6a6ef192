import API
import HTTPTypes
import Model
import Store

/// `/v1/ssh-keys`.
struct SSHKeyController: Sendable {
    let store: Store

    @Sendable
    func create(_ call: V1Call<CreateSSHKeyRequest>) async throws(Failure) -> V1Response<SSHKeyResponse> {
        let (name, project) = (call.body.name, try call.project(named: call.body.project))
        let key = try SSHPublicKey(call.body.key)
        try await store.createSSHKey(name, of: project, key, fingerprint: try key.fingerprint())
        return try V1Response(
            SSHKeyResponse(try await store.sshKey(name, of: project)),
            status: .created,
            location: "/v1/ssh-keys/\(name)" + (project == .default ? "" : "?project=\(project)")
        )
    }

    @Sendable
    func list(_ call: V1Call<NoBody>) async throws(Failure) -> V1Response<Page<SSHKeyResponse>> {
        let request = try call.page()
        let project = try call.projectFilter()
        let page = try await store.sshKeys(of: project, after: request.position, limit: request.limit)
        return try V1Response(page, of: call) { SSHKeyResponse($0) }
    }

    @Sendable
    func read(_ call: V1Call<NoBody>) async throws(Failure) -> V1Response<SSHKeyResponse> {
        let (name, project) = try call.sshKeyInPath()
        return try V1Response(object: SSHKeyResponse(try await store.sshKey(name, of: project)), for: call)
    }

    @Sendable
    func delete(_ call: V1Call<NoBody>) async throws(Failure) -> V1Response<SSHKeyResponse> {
        let (name, project) = try call.sshKeyInPath()
        let key = try await store.sshKey(name, of: project)
        guard try await store.deleteSSHKey(name, of: project) else { throw .unknownSSHKey(name, of: project) }
        return try V1Response(SSHKeyResponse(key))
    }
}

extension V1Call {
    /// The key that the path names, with its project: the one that is asked for, else the caller's, else `default`.
    ///
    /// - Throws: `Failure` with `unknownSSHKey` where no key is called so, or `unknownProject`.
    fileprivate func sshKeyInPath() throws(Failure) -> (SSHKeyName, ProjectName) {
        let text = try nameInPath(of: "an SSH key")
        let project = try projectFilter() ?? .default
        guard let name = SSHKeyName(text) else { throw .unknownSSHKey(text.prefix(64), of: project) }
        return (name, project)
    }
}
