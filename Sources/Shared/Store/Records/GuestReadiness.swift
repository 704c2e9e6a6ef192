package import Model

/// How far a guest has come in its present run, beside its addresses.
package struct GuestReadiness: Hashable, Sendable {
    /// What its ssh server has said of itself; nil where it has not answered.
    package let banner: String?
    /// When that was.
    package let answeredAt: String?
    /// What its cloud-init has come to; nil where nothing was seen of it.
    package let cloudInit: CloudInit?
    /// Since when that is known.
    package let cloudInitAt: String?
    /// What its agent says; nil where it has not answered.
    package let system: GuestSystem?
    /// When that was.
    package let systemAt: String?

    /// Nothing is known.
    package static let none = GuestReadiness()

    private init() {
        (banner, answeredAt, cloudInit, cloudInitAt, system, systemAt) = (nil, nil, nil, nil, nil, nil)
    }

    /// Reads a VM's record.
    init(_ fields: RecordFields) throws(Failure) {
        banner = fields["ssh_banner"]
        answeredAt = fields["ssh_at"]
        cloudInit = try fields.value("cloud_init") { CloudInit.State(rawValue: $0) }
            .map { CloudInit($0, error: fields["cloud_init_error"]) }
        cloudInitAt = fields["cloud_init_at"]
        systemAt = fields["guest_at"]
        system = systemAt.map { _ in GuestSystem(hostname: fields["guest_hostname"], os: fields["guest_os"]) }
    }
}
