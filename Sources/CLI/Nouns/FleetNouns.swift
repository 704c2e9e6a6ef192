import API

// What VMs are made of, and where.

enum PMNoun: Noun {
    static let word = "PM"
    static let list = Endpoints.listPMs
    static let read: Endpoint<NoBody, PMResponse>? = Endpoints.readPM
    static let nameField = "address"
    static let listCommand = "hvctl pm list"

    static let columns: [Column] = [
        .field("id", number: true), .field("address"),
        .made("state", of: "state", "cordoned") { pm in
            (pm["state"]?.cell ?? "") + (pm["cordoned"]?.flag == true ? ",cordoned" : "")
        },
        .share("cpu_free", "cpu"), .share("ram_mib_free", "ram_mib"), .share("disk_gib_free", "disk_gib"),
        .field("vms", "vm_count", number: true),
        .made("load", of: "load", number: true) { $0["load"]?.double.map { "\(($0 * 100).rounded() / 100)" } },
        .field("tags"), .field("reason"),
        .field("hostname", wide: true), .field("architecture", wide: true), .field("domain_type", wide: true),
        .field("networks", wide: true), .field("checked", "checked_at", wide: true),
    ]
}

enum ImageNoun: Noun {
    static let word = "image"
    static let list = Endpoints.listImages
    static let read: Endpoint<NoBody, ImageResponse>? = Endpoints.readImage

    static let columns: [Column] = [
        .field("id", number: true), .field("name"), .field("state"), .field("format"), .bytes("file", "file_bytes"),
        .bytes("disk", "disk_bytes"), .field("login_user"), .field("reason"), .field("source", wide: true),
    ]
}

enum TypeNoun: Noun {
    static let word = "type"
    static let list = Endpoints.listTypes
    static let read: Endpoint<NoBody, TypeResponse>? = Endpoints.readType
    static let nameField = "id"

    static let columns: [Column] = [
        .field("id", number: true), .field("cpu", number: true), .field("ram_mib", number: true),
        .field("disk_gib", number: true), .field("source", wide: true),
    ]
}

enum NetworkNoun: Noun {
    static let word = "network"
    static let list = Endpoints.listNetworks
    static let columns: [Column] = [
        .field("name"), .field("kind"), .field("device"), .field("vlan", number: true), .field("source", wide: true),
    ]
}

enum GroupNoun: Noun {
    static let word = "group"
    static let list = Endpoints.listGroups
    static let columns: [Column] = [
        .field("name"), .field("rule"), .field("members", number: true), .field("placed", number: true),
    ]
}

enum WorkerNoun: Noun {
    static let word = "worker"
    static let list = Endpoints.listWorkers
    static let columns: [Column] = [
        .field("name"), .field("alive"), .field("jobs", number: true), .field("host"), .field("pid", number: true),
        .field("policy"), .field("seen", "seen_at"), .field("started", "started_at", wide: true),
        .field("lease_s", wide: true, number: true), .field("instance", wide: true),
    ]
}
