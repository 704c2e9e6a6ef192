/// What a guest's agent says of the system in it.
package struct GuestSystem: Hashable, Sendable {
    package let hostname: String?
    /// Its name for people, as `Debian GNU/Linux 12 (bookworm)`.
    package let os: String?

    package init(hostname: String?, os: String?) { (self.hostname, self.os) = (hostname, os) }
}
