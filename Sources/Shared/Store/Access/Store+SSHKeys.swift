package import Model
import RedisClient

extension Store {
    /// How many SSH keys there may be.
    package static let mostSSHKeys = 10_000

    /// Keeps an SSH key under a name in its project (script `create_ssh_key`).
    ///
    /// - Throws: `Failure` with `sshKeyExists`, `unknownProject` or `limitReached`.
    package func createSSHKey(
        _ name: SSHKeyName,
        of project: ProjectName,
        _ key: SSHPublicKey,
        fingerprint: String
    ) async throws(Failure) {
        let reply: CreateSSHKeyReply = try await run(
            .createSSHKey,
            [
                "project": project.description, "name": name.description, "public_key": key.line,
                "fingerprint": fingerprint, "limit": Self.mostSSHKeys,
            ]
        )
        switch reply {
        case .created: return
        case .exists:
            throw Failure(
                .sshKeyExists,
                "the project '\(project)' has an SSH key '\(name)' already: choose another name, or delete that one first"
            )
        case .unknownProject: throw .unknownProject(project)
        case .full(let count):
            throw Failure(.limitReached, "there are \(count) SSH keys already: delete those that nobody needs")
        }
    }

    /// Forgets an SSH key (script `delete_ssh_key`); false where there is none.
    package func deleteSSHKey(_ name: SSHKeyName, of project: ProjectName) async throws(Failure) -> Bool {
        try await run(.deleteSSHKey, ["project": project.description, "name": name.description])
    }

    /// An SSH key (HGETALL).
    ///
    /// - Throws: `Failure` with `unknownSSHKey` where there is none.
    package func sshKey(_ name: SSHKeyName, of project: ProjectName) async throws(Failure) -> SSHKey {
        let record = keys.sshKey(name, of: project)
        guard let fields = try await send(["HGETALL", record]).record(of: record) else {
            throw .unknownSSHKey(name, of: project)
        }
        return try SSHKey(record: fields, key: record)
    }

    /// A page of the SSH keys, by project and name (two round trips).
    ///
    /// - Parameters:
    ///   - project: the project whose keys they are; nil for all.
    ///   - last: what the page begins behind, `project/name`.
    ///   - limit: how many.
    /// - Returns: the page.
    /// - Throws: `Failure`.
    package func sshKeys(
        of project: ProjectName?,
        after last: String?,
        limit: Int
    ) async throws(Failure) -> RecordPage<SSHKey> {
        // The character behind the slash: no name of the project is beyond it.
        let (first, end) = project.map { ("[\($0)/", "(\($0)0") } ?? ("-", "+")
        let replies = try await pipeline([
            ["XREVRANGE", keys.events, "+", "-", "COUNT", "1"],
            ["ZRANGEBYLEX", keys.sshKeys, last.map { "(\($0)" } ?? first, end, "LIMIT", "0", limit + 1],
        ])
        let ids = replies[1].strings ?? []
        let page = ids.prefix(limit)
        let records = try await pipeline(page.map { ["HGETALL", keys.sshKey($0)] })
        var found: [SSHKey] = []
        for (id, reply) in zip(page, records) {
            guard let record = try reply.record(of: keys.sshKey(id)) else { continue }
            found.append(try SSHKey(record: record, key: keys.sshKey(id)))
        }
        return RecordPage(
            records: found,
            next: ids.count > limit ? page.last : nil,
            events: replies[0].lastEvent
        )
    }
}

extension SSHKey {
    /// Reads the hash `ssh-key:<project>/<name>`.
    init(record: [String: String], key: String) throws(Failure) {
        let fields = RecordFields(record, key: key)
        let line = try fields.text("key")
        guard let publicKey = try? SSHPublicKey(line) else { throw fields.fault("key", "is no public key") }
        self.init(
            name: try fields.needed("name") { SSHKeyName($0) },
            project: try fields.needed("project") { ProjectName($0) },
            key: publicKey,
            fingerprint: try fields.text("fingerprint"),
            createdAt: fields["created_at"]
        )
    }
}

extension Failure {
    /// There is no such SSH key.
    package static func unknownSSHKey(_ name: some CustomStringConvertible, of project: ProjectName) -> Failure {
        Failure(
            .unknownSSHKey,
            "the project '\(project)' has no SSH key '\(name)': /v1/ssh-keys lists them, and POST /v1/ssh-keys adds one"
        )
    }
}

/// What the script answers that keeps a key.
private enum CreateSSHKeyReply: ScriptReply {
    case created
    case exists
    case unknownProject
    case full(Int)

    init?(_ reply: RESPValue, keys: Keys) {
        guard let parts = reply.array else { return nil }
        switch (parts.first?.string, parts.count) {
        case ("ok", 1): self = .created
        case ("exists", 1): self = .exists
        case ("unknown_project", 1): self = .unknownProject
        case ("full", 2):
            guard let count = parts[1].int else { return nil }
            self = .full(count)
        default: return nil
        }
    }
}
