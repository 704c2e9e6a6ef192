import API

// What is asked for, and what becomes of it.

enum JobNoun: Noun {
    static let word = "job"
    static let list = Endpoints.listJobs
    static let read: Endpoint<NoBody, JobResponse>? = Endpoints.readJob
    static let nameField = "id"

    static let columns: [Column] = [
        .field("id", number: true), .field("kind"), .field("state"), .field("vm", "vm_id", number: true),
        .field("pm", "pm_id", number: true), .field("worker"), .field("accepted", "accepted_at"),
        .made("seconds", of: "accepted_at", "ended_at", number: true) { job in
            guard let start = Timestamp(job["accepted_at"]), let end = Timestamp(job["ended_at"]) else { return nil }
            return Timestamp.text(of: end.seconds - start.seconds)
        },
        .made("error", of: "error") { $0[path: "error.code"]?.cell },
        .field("project", wide: true), .field("batch", "batch_id", wide: true, number: true),
        .field("attempts", wide: true, number: true), .field("reason", wide: true),
        .made("detail", of: "error", wide: true) { $0[path: "error.detail"]?.cell },
        .field("request", "request_id", wide: true),
    ]
}

enum BatchNoun: Noun {
    static let word = "batch"
    static let plural = "batches"
    static let list = Endpoints.listBatches
    static let nameField = "id"
    static let columns: [Column] = [
        .field("id", number: true), .field("project"), .field("vms", "count", number: true), .field("atomic"),
        .field("created", "created_at"), .field("request", "request_id", wide: true),
    ]
}

enum HoldNoun: Noun {
    static let word = "hold"
    static let list = Endpoints.listHolds
    static let read: Endpoint<NoBody, HoldResponse>? = Endpoints.readHold
    static let nameField = "id"
    static let columns: [Column] = [
        .field("id", number: true), .field("state"), .field("project"), .field("type", "instance_type", number: true),
        .field("pm", "pm_id", number: true), .field("expires", "expires_at"),
    ]
}
