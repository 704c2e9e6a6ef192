package import Model

extension Endpoints {
    package static let readEvents = Endpoint<NoBody, EventPage>(
        v1: "readEvents",
        .get,
        "/v1/events",
        query: [
            .optional("since", matching: TextPattern.eventID), .optional("types", matching: TextPattern.eventTypes),
            .number("limit", in: ListQuery.limits),
            .number("wait", in: 0...300),
        ],
        isStream: true,
        scope: .project,
        "Tells what happens: as server-sent events, or with wait as JSON."
    )

    static let events = [readEvents.description]
}

/// Some events, in the order in which they happened.
package struct EventPage: Codable, Hashable, Sendable {
    package let items: [EventResponse]
    /// Asks for what follows, as `since`.
    package let nextCursor: String

    private enum CodingKeys: String, CodingKey {
        case items
        case nextCursor = "next_cursor"
    }

    package init(items: [EventResponse], next: String) { (self.items, nextCursor) = (items, next) }
}

/// Something that happened.
package struct EventResponse: Codable, Hashable, Sendable {
    /// Later events have higher ones; what follows this event is asked for by it.
    package let id: String
    package let type: String
    package let at: String
    package let vmID: VMID?
    package let pmID: PMID?
    package let jobID: JobID?
    package let kind: String?
    package let state: String?
    package let reason: String?
    /// Why a job failed, as one of the codes of failures.
    package let code: String?
    package let detail: String?
    package let cause: String?
    package let worker: String?
    /// What else there is to say about an event of its type.
    package let more: [String: String]?

    private enum CodingKeys: String, CodingKey {
        case id, type, at, kind, state, reason, code, detail, cause, worker, more
        case vmID = "vm_id"
        case pmID = "pm_id"
        case jobID = "job_id"
    }

    /// Makes an event of the fields that the stream has.
    package init(id: String, type: String, at time: String, fields: [String: String]) {
        var rest = fields.filter { !$0.value.isEmpty }
        func take(_ name: String) -> String? { rest.removeValue(forKey: name) }
        (self.id, self.type, at) = (id, type, time)
        vmID = take("vm").flatMap { VMID($0) }
        pmID = take("pm").flatMap { PMID($0) }
        jobID = take("job").flatMap { JobID($0) }
        (kind, state, code, detail) = (take("kind"), take("state"), take("code"), take("message"))
        (cause, worker) = (take("cause"), take("worker"))
        reason = take("reason") ?? take("why")
        // It is for programs of ours alone.
        _ = take("nonce")
        more = rest.isEmpty ? nil : rest
    }
}
