import API

enum VMNoun: Noun {
    static let word = "VM"
    static let list = Endpoints.listVMs
    static let read: Endpoint<NoBody, VMResponse>? = Endpoints.readVM
    static let listCommand = "hvctl list"

    static let columns: [Column] = [
        .field("id", number: true), .field("name"), .field("state"), .field("pm", "pm_id", number: true),
        .field("ip", "primary_ip"), .field("type", "instance_type", number: true),
        .field("image", "image_id", number: true), .field("project"),
        .field("cpu", "needs.cpu", wide: true, number: true),
        .field("ram_mib", "needs.ram_mib", wide: true, number: true),
        .field("disk_gib", "needs.disk_gib", wide: true, number: true), .field("labels", wide: true),
        .field("created", "created_at", wide: true), .field("reason", "state_reason", wide: true),
    ]
}

/// Where a VM of a name is met in messages.
extension Session {
    /// `web-1  vm 207  PM 3  10.20.0.41`.
    static func line(of vm: JSONValue) -> String {
        [
            vm["name"]?.cell, vm["id"].map { "vm \($0.cell)" }, vm["pm_id"].map { "PM \($0.cell)" },
            vm["primary_ip"]?.cell,
            vm["primary_ip"] == nil ? vm["state"]?.cell : nil,
        ].compactMap(\.self).joined(separator: "  ")
    }
}
