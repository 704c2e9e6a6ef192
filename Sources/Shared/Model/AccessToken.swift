/// A token that an administrator has made; the token itself is known to whoever got it alone.
package struct AccessToken: Hashable, Sendable {
    package let id: TokenID
    package let name: String
    package let role: AccessRole
    /// The only project that it is for; nil for all.
    package let project: ProjectName?
    /// The SHA-256 of the token in hexadecimal digits.
    package let digest: String
    /// RFC 3339, by the clock of Redis.
    package let createdAt: String
    /// In ms since 1970 by the clock of Redis; nil for never.
    package let expiresAt: Int?

    package init(
        id: TokenID,
        name: String,
        role: AccessRole,
        project: ProjectName? = nil,
        digest: String,
        createdAt: String,
        expiresAt: Int?
    ) {
        (self.id, self.name, self.role, self.project, self.digest) = (id, name, role, project, digest)
        (self.createdAt, self.expiresAt) = (createdAt, expiresAt)
    }
}

package typealias TokenID = Identifier<AccessToken>
