import API

// Who may do what, and who is told.

enum KeyNoun: Noun {
    static let word = "key"
    static let list = Endpoints.listSSHKeys
    static let read: Endpoint<NoBody, SSHKeyResponse>? = Endpoints.readSSHKey
    static let columns: [Column] = [
        .field("name"), .field("project"), .field("fingerprint"), .field("created", "created_at"),
        .field("key", wide: true),
    ]
}

enum ProjectNoun: Noun {
    static let word = "project"
    static let list = Endpoints.listProjects
    static let read: Endpoint<NoBody, ProjectResponse>? = Endpoints.readProject
    static let columns: [Column] = [
        .field("name"), used("vms"), used("vcpus"), used("ram_mib"), used("disk_gib"),
        .field("created", "created_at", wide: true),
    ]

    /// `3/10`, or `3` where there is no limit.
    private static func used(_ resource: String) -> Column {
        .made(resource, of: "used", "quotas", number: true) { project in
            let limit = project[path: "quotas.\(resource)"].map { "/\($0.cell)" } ?? ""
            return (project[path: "used.\(resource)"]?.cell ?? "0") + limit
        }
    }
}

enum TokenNoun: Noun {
    static let word = "token"
    static let list = Endpoints.listTokens
    static let nameField = "id"
    static let columns: [Column] = [
        .field("id", number: true), .field("name"), .field("role"), .field("project"), .field("created", "created_at"),
        .field("expires", "expires_at"),
    ]
}

enum WebhookNoun: Noun {
    static let word = "webhook"
    static let list = Endpoints.listWebhooks
    static let read: Endpoint<NoBody, WebhookResponse>? = Endpoints.readWebhook
    static let nameField = "id"
    static let columns: [Column] = [
        .field("id", number: true), .field("name"), .field("state"), .field("url"), .field("types"), .field("project"),
        .field("failing_since"), .field("reason", wide: true), .field("created", "created_at", wide: true),
    ]
}

/// The messages to a webhook; the list of one webhook, so that only its columns are shared.
enum DeliveryColumns {
    static let columns: [Column] = [
        .field("number", number: true), .field("kind"), .field("state"), .field("events", number: true),
        .field("attempts", number: true), .field("status", number: true), .field("created", "created_at"),
        .field("reason"), .field("message", "message_id", wide: true),
    ]
}

enum AuditNoun: Noun {
    static let word = "change"
    static let list = Endpoints.listAudit
    static let listCommand = "hvctl audit list"
    static let nameField = "id"
    static let columns: [Column] = [
        .field("at"), .field("name"), .field("route"), .field("vm", "vm_id", number: true),
        .field("job", "job_id", number: true), .field("pm", "pm_id", number: true), .field("project"), .field("more"),
        .field("request", "request_id", wide: true), .field("id", wide: true),
    ]
}
