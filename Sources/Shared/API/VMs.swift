package import Model

extension Endpoints {
    package static let createVM = Endpoint<CreateVMRequest, VMResponse>(
        v1: "createVM",
        .post,
        "/v1/vms",
        status: 201,
        makesJob: true,
        mayBeGone: true,
        "Creates a VM: of a type, or in the place of a hold."
    )
    package static let readVM = Endpoint<NoBody, VMResponse>(
        v1: "readVM",
        .get,
        "/v1/vms/{id}",
        query: [.word("wait_for", oneOf: VMLevel.allCases.map(\.rawValue)), .wait],
        mayBeGone: true,
        "Shows a VM; with wait_for, once it has come so far, cannot any more, or the wait is over."
    )
    package static let destroyVM = Endpoint<NoBody, VMGone>(
        v1: "destroyVM",
        .delete,
        "/v1/vms/{id}",
        makesJob: true,
        "Destroys a VM."
    )

    package static let listVMs = Endpoint<NoBody, Page<VMResponse>>(
        list: "listVMs",
        "/v1/vms",
        "Lists the VMs, by number."
    )

    static let vms = [createVM.description, listVMs.description, readVM.description, destroyVM.description]
}

/// The body of `POST /v1/vms`.
package struct CreateVMRequest: APIRequest, Hashable {
    package var name: String
    /// Nil where a hold is built, which has its type.
    package var type: TypeID?
    package var image: ImageID
    package var hold: VMID?
    package var placement: PlacementConstraints?

    private enum CodingKeys: String, CodingKey {
        case name, placement
        case type = "instance_type"
        case image = "image_id"
        case hold = "hold_id"
    }

    package static let forms = [CodingKeys.name.rawValue: Schema.name]

    package init(
        name: String,
        type: TypeID? = nil,
        image: ImageID,
        hold: VMID? = nil,
        placement: PlacementConstraints? = nil
    ) {
        self.name = name
        self.type = type
        self.image = image
        self.hold = hold
        self.placement = placement
    }

    package func validate() throws(Failure) {
        _ = try VMName.validated(name)
        try placement?.validate()
        guard (type == nil) == (hold != nil),
            hold == nil || (placement ?? PlacementConstraints.none) == PlacementConstraints.none
        else {
            throw Failure(
                .invalidRequest,
                "give instance_type and, if need be, placement; or hold_id, whose type and place are settled"
            )
        }
    }
}

/// A VM.
package struct VMResponse: Codable, Hashable, Sendable {
    package let id: VMID
    package let name: String
    package let state: String
    package let stateReason: String?
    package let drift: String?
    package let type: TypeID
    package let image: ImageID
    package let needs: Amount
    package let placement: PlacementConstraints?
    package let pmID: PMID?
    package let uuid: String
    package let domain: String
    package let createdAt: String?
    package let jobID: JobID?
    /// Whether it has come as far as the caller waited for; only in the answer to a wait.
    package var reached: Bool?
    package var wait: VMWait?

    private enum CodingKeys: String, CodingKey {
        case id, name, state, drift, needs, placement, uuid, domain, reached, wait
        case stateReason = "state_reason"
        case type = "instance_type"
        case image = "image_id"
        case pmID = "pm_id"
        case createdAt = "created_at"
        case jobID = "job_id"
    }

    package init(
        id: VMID,
        name: String,
        state: String,
        stateReason: String?,
        drift: String?,
        type: TypeID,
        image: ImageID,
        needs: Amount,
        placement: PlacementConstraints?,
        pmID: PMID?,
        uuid: String,
        domain: String,
        createdAt: String?,
        jobID: JobID?
    ) {
        self.id = id
        self.name = name
        self.state = state
        self.stateReason = stateReason
        self.drift = drift
        self.type = type
        self.image = image
        self.needs = needs
        self.placement = placement
        self.pmID = pmID
        self.uuid = uuid
        self.domain = domain
        self.createdAt = createdAt
        self.jobID = jobID
    }
}
