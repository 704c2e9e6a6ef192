package import Model

extension Endpoints {
    package static let createHold = Endpoint<CreateHoldRequest, HoldResponse>(
        v1: "createHold",
        .post,
        "/v1/holds",
        status: 201,
        makesJob: true,
        mayBeGone: true,
        scope: .project,
        "Claims capacity for a VM that is not built yet."
    )
    package static let readHold = Endpoint<NoBody, HoldResponse>(
        v1: "readHold",
        .get,
        "/v1/holds/{id}",
        scope: .project,
        "Shows a hold."
    )
    package static let releaseHold = Endpoint<NoBody, VMGone>(
        v1: "releaseHold",
        .delete,
        "/v1/holds/{id}",
        makesJob: true,
        scope: .project,
        "Gives a hold back."
    )

    package static let listHolds = Endpoint<NoBody, Page<HoldResponse>>(
        list: "listHolds",
        "/v1/holds",
        filters: [.optional("project")],
        scope: .project,
        "Lists the holds, by number."
    )

    static let holds = [listHolds.description, createHold.description, readHold.description, releaseHold.description]
}

/// The body of `POST /v1/holds`.
package struct CreateHoldRequest: APIRequest, Hashable {
    package var type: TypeID
    package var image: ImageID
    package var seconds: Int
    package var placement: PlacementConstraints?
    package var networks: [String]?
    package var address: AddressChoice?
    /// Nil for that of the caller's token, or `default`.
    package var project: ProjectName?

    private enum CodingKeys: String, CodingKey {
        case placement, networks, address, project
        case type = "instance_type"
        case image = "image_id"
        case seconds = "expires_in_s"
    }

    private static let times = 1...604_800
    package static let forms = [
        CodingKeys.seconds.rawValue: Schema.integer(times),
        CodingKeys.networks.rawValue: .list(.label, count: 1...VMNetwork.most),
    ]

    package init(
        type: TypeID,
        image: ImageID,
        seconds: Int,
        placement: PlacementConstraints? = nil,
        networks: [String]? = nil,
        address: AddressChoice? = nil,
        project: ProjectName? = nil
    ) {
        (self.networks, self.address) = (networks, address)
        self.project = project
        self.type = type
        self.image = image
        self.seconds = seconds
        self.placement = placement
    }

    package func validate() throws(Failure) {
        try VMNetwork.check(names: networks)
        try Failure.at("placement", check: try placement?.validate())
        guard Self.times.contains(seconds) else {
            throw Failure(
                .invalidRequest,
                "expires_in_s is \(seconds): give 1 to 604800, which is a week",
                pointer: "/expires_in_s"
            )
        }
    }
}

/// A hold.
package struct HoldResponse: Codable, Hashable, Sendable {
    package let id: VMID
    package let state: String
    package let project: ProjectName
    package let type: TypeID
    package let pmID: PMID
    package let expiresAt: String
    /// The job that made it, in the answer to its request.
    package let jobID: JobID?

    private enum CodingKeys: String, CodingKey {
        case id, state, project
        case type = "instance_type"
        case pmID = "pm_id"
        case expiresAt = "expires_at"
        case jobID = "job_id"
    }

    package init(id: VMID, project: ProjectName, type: TypeID, pmID: PMID, expiresAt: String, jobID: JobID?) {
        (self.id, state, self.type, self.pmID, self.expiresAt, self.jobID) = (id, "held", type, pmID, expiresAt, jobID)
        self.project = project
    }
}
