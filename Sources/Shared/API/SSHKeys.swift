package import Model

extension Endpoints {
    package static let createSSHKey = Endpoint<CreateSSHKeyRequest, SSHKeyResponse>(
        v1: "createSSHKey",
        .post,
        "/v1/ssh-keys",
        status: 201,
        scope: .project,
        "Keeps a public SSH key under a name, by which creates of its project call it."
    )
    package static let listSSHKeys = Endpoint<NoBody, Page<SSHKeyResponse>>(
        list: "listSSHKeys",
        "/v1/ssh-keys",
        filters: [.optional("project")],
        scope: .project,
        "Lists the SSH keys, by project and name."
    )
    package static let readSSHKey = Endpoint<NoBody, SSHKeyResponse>(
        v1: "readSSHKey",
        .get,
        "/v1/ssh-keys/{name}",
        query: [.optional("project"), .optional("fields")],
        scope: .project,
        "Shows an SSH key."
    )
    package static let deleteSSHKey = Endpoint<NoBody, SSHKeyResponse>(
        v1: "deleteSSHKey",
        .delete,
        "/v1/ssh-keys/{name}",
        query: [.optional("project")],
        scope: .project,
        "Forgets an SSH key; VMs that were created with it keep it."
    )

    static let sshKeys = [
        createSSHKey.description, listSSHKeys.description, readSSHKey.description, deleteSSHKey.description,
    ]
}

/// The body of `POST /v1/ssh-keys`.
package struct CreateSSHKeyRequest: APIRequest, Hashable {
    package var name: SSHKeyName
    /// A line as `ssh-keygen` writes it into the file that ends in `.pub`.
    package var key: String
    /// Nil for that of the caller's token, or `default`.
    package var project: ProjectName?

    package init(name: SSHKeyName, key: String, project: ProjectName? = nil) {
        (self.name, self.key, self.project) = (name, key, project)
    }

    package func validate() throws(Failure) { _ = try Failure.at("key", check: try SSHPublicKey(key)) }
}

/// An SSH key with a name.
package struct SSHKeyResponse: Codable, Hashable, Sendable {
    package let name: SSHKeyName
    package let project: ProjectName
    package let key: String
    package let fingerprint: String
    package let createdAt: String?

    private enum CodingKeys: String, CodingKey {
        case name, project, key, fingerprint
        case createdAt = "created_at"
    }

    package init(_ key: SSHKey) {
        (name, project, self.key) = (key.name, key.project, key.key.line)
        (fingerprint, createdAt) = (key.fingerprint, key.createdAt)
    }
}

extension SSHKeyName: SchemaDescribed {
    package static var schema: Schema { .pattern("^[A-Za-z][A-Za-z0-9._-]*$", longest: 64) }
    package static var sample: Self? { Self("a") }
}
