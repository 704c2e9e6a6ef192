/// A public key that creates in its project may call by its name.
package struct SSHKey: Hashable, Sendable {
    package let name: SSHKeyName
    package let project: ProjectName
    package let key: SSHPublicKey
    /// As `ssh-keygen -l` shows it.
    package let fingerprint: String
    /// RFC 3339, by the clock of Redis.
    package let createdAt: String?

    package init(name: SSHKeyName, project: ProjectName, key: SSHPublicKey, fingerprint: String, createdAt: String?) {
        (self.name, self.project, self.key) = (name, project, key)
        (self.fingerprint, self.createdAt) = (fingerprint, createdAt)
    }
}
