import Bootstrap
import Model

/// What webhooks may reach.
struct WebhookSettings: Sendable {
    var rule = AddressRule()
    var allowsHTTP = false
    /// A file with the certificates that are trusted; nil for those of the system.
    var authority: String?

    private static let networksSetting = Setting<[IPNetwork]>(
        SettingDescription(
            "HVC_WEBHOOK_NETWORKS",
            kind: "addresses or networks such as `10.1.2.0/24` with `,` between them",
            fallback: "",
            meaning:
                "To which addresses beside those of the public internet messages of webhooks may go; the same for all "
                + "workers."
        ),
        fallback: []
    ) { text in
        let networks = text.split(separator: ",").map { IPNetwork($0.filter { $0 != " " }) }
        return networks.contains(nil) ? nil : networks.compactMap(\.self)
    }
    private static let authoritySetting = Setting<String>.text(
        "HVC_WEBHOOK_CA_FILE",
        kind: "a path",
        meaning:
            "The certificates that receivers of webhooks are trusted by, in PEM; those of the system where it is not set."
    )

    static var descriptions: [SettingDescription] { [networksSetting.about, authoritySetting.about] }

    init() {}

    init(from reader: inout SettingsReader, allowsHTTP: Bool) {
        rule = AddressRule(allowing: reader.value(Self.networksSetting))
        self.allowsHTTP = allowsHTTP
        let path = reader.value(Self.authoritySetting)
        authority = path.isEmpty ? nil : path
    }
}
