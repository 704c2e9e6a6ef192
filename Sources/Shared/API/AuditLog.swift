package import Model

extension Endpoints {
    package static let listAudit = Endpoint<NoBody, Page<AuditEntryResponse>>(
        list: "listAudit",
        "/v1/audit",
        right: .admin,
        "Lists who changed what by the API, the newest first."
    )

    static let auditLog = [listAudit.description]
}

/// A change by the API.
package struct AuditEntryResponse: Codable, Hashable, Sendable {
    package let id: String
    package let at: String
    /// Whose the request was: the name of a token, `HVC_API_TOKEN`, or `local` where no token was needed.
    package let name: String
    /// Missing for those that are no token of `/v1/tokens`.
    package let tokenID: TokenID?
    /// The only project that the token is for; missing for all.
    package let project: String?
    /// The call, such as `POST /v1/vms`.
    package let route: String
    package let requestID: String
    package let vmID: VMID?
    package let jobID: JobID?
    package let pmID: PMID?
    /// What else there is to say about it.
    package let more: [String: String]?

    private enum CodingKeys: String, CodingKey {
        case id, at, name, project, route, more
        case tokenID = "token_id"
        case requestID = "request_id"
        case vmID = "vm_id"
        case jobID = "job_id"
        case pmID = "pm_id"
    }

    /// Makes an entry of the fields that the log has.
    package init(id: String, at: String, fields: [String: String]) {
        var rest = fields.filter { !$0.value.isEmpty }
        func take(_ name: String) -> String? { rest.removeValue(forKey: name) }
        (self.id, self.at) = (id, at)
        (name, route, requestID) = (take("name") ?? "", take("route") ?? "", take("request") ?? "")
        (tokenID, project) = (take("token").flatMap { TokenID($0) }, take("project"))
        vmID = take("vm").flatMap { VMID($0) }
        jobID = take("job").flatMap { JobID($0) }
        pmID = take("pm").flatMap { PMID($0) }
        more = rest.isEmpty ? nil : rest
    }
}
