package import Model

extension Endpoints {
    package static let createVM = Endpoint<CreateVMRequest, VMResponse>(
        v1: "createVM",
        .post,
        "/v1/vms",
        query: [.word("wait_for", oneOf: VMLevel.allCases.filter { $0 != .console }.map(\.rawValue))],
        status: 201,
        makesJob: true,
        makesBatch: true,
        mayBeGone: true,
        scope: .project,
        bodyLimit: 256 << 10,
        "Creates a VM: of a type, or in the place of a hold; with count, several of a type. With wait_for it is answered once it has come so far."
    )
    package static let readVM = Endpoint<NoBody, VMResponse>(
        v1: "readVM",
        .get,
        "/v1/vms/{id}",
        query: [
            .optional("fields"), .word("wait_for", oneOf: VMLevel.allCases.map(\.rawValue)), .optional("console_match"),
            .wait,
        ],
        mayBeGone: true,
        scope: .project,
        "Shows a VM; with wait_for, once it has come so far, cannot any more, or the wait is over."
    )
    package static let destroyVM = Endpoint<NoBody, VMGone>(
        v1: "destroyVM",
        .delete,
        "/v1/vms/{id}",
        makesJob: true,
        isConditional: true,
        scope: .project,
        "Destroys a VM."
    )

    package static let listVMs = Endpoint<NoBody, Page<VMResponse>>(
        list: "listVMs",
        "/v1/vms",
        filters: [
            .optional("name", matching: TextPattern.name), .word("state", oneOf: VMState.allCases.map(\.rawValue)),
            .optionalIdentifier("pm_id"), .optional("project"), .repeatable("label", matching: TextPattern.labelPair),
        ],
        scope: .project,
        "Lists the VMs, by number."
    )
    package static let updateVM = Endpoint<UpdateVMRequest, VMResponse>(
        v1: "updateVM",
        .patch,
        "/v1/vms/{id}",
        isConditional: true,
        scope: .project,
        "Changes the name, the labels and the description of a VM."
    )

    static let vms = [
        createVM.description, listVMs.description, readVM.description, updateVM.description, destroyVM.description,
    ]
}

/// The body of `POST /v1/vms`.
package struct CreateVMRequest: APIRequest, Hashable {
    package var name: String
    /// Nil where a hold is built, which has its type.
    package var type: TypeID?
    package var image: ImageID
    package var hold: VMID?
    package var placement: PlacementConstraints?
    /// What its network cards are attached to, by the names of `/v1/networks`; nil for one card on the PM's own network.
    package var networks: [String]?
    /// Whether the first network is to keep an address for the VM before it starts.
    package var address: AddressChoice?
    package var labels: [String: String]?
    package var description: String?
    /// Nil for that of the caller's token, or `default`.
    package var project: ProjectName?
    /// How many VMs of this kind; with more than one their names end in numbers.
    package var count: Int?
    /// Whether several VMs get their places together or none does.
    package var atomic: Bool?
    package var whenFull: WhenFull?
    package var waitSeconds: Int?
    package var deadlineAt: String?
    package var sshKeys: [String]?
    package var userData: String?
    package var userDataBase64: String?
    package var hostname: String?
    package var networkConfig: String?
    package var seed: SeedKind?

    private enum CodingKeys: String, CodingKey {
        case name, placement, networks, address, labels, description, project, count, atomic
        case hostname, seed
        case sshKeys = "ssh_keys"
        case userData = "user_data"
        case userDataBase64 = "user_data_base64"
        case networkConfig = "network_config"
        case type = "instance_type"
        case image = "image_id"
        case hold = "hold_id"
        case whenFull = "when_full"
        case waitSeconds = "wait_s"
        case deadlineAt = "deadline_at"
    }

    package static let forms = [
        CodingKeys.name.rawValue: Schema.name, CodingKeys.labels.rawValue: .map(.label, most: VMNotes.mostLabels),
        CodingKeys.description.rawValue: .description, CodingKeys.count.rawValue: .integer(1...Batch.mostVMs),
        CodingKeys.waitSeconds.rawValue: .integer(WhenFull.seconds), CodingKeys.deadlineAt.rawValue: .time,
        CodingKeys.networks.rawValue: .list(.label, count: 1...VMNetwork.most),
    ].merging(GuestRequest.forms) { own, _ in own }

    package static let choices = [
        FieldChoice(with: ["instance_type"], without: ["hold_id"]),
        FieldChoice(
            with: ["hold_id"],
            without: ["instance_type", "placement", "networks", "address", "atomic", "when_full"]
        ),
    ]

    /// What its owner says of the VM.
    package var notes: VMNotes { VMNotes(labels: labels ?? [:], description: description) }

    /// What is asked of its seed disk.
    package var guest: GuestRequest {
        GuestRequest(
            sshKeys: sshKeys,
            userData: userData,
            userDataBase64: userDataBase64,
            hostname: hostname,
            networkConfig: networkConfig,
            seed: seed
        )
    }

    package init(
        name: String,
        type: TypeID? = nil,
        image: ImageID,
        hold: VMID? = nil,
        placement: PlacementConstraints? = nil,
        networks: [String]? = nil,
        address: AddressChoice? = nil,
        labels: [String: String]? = nil,
        description: String? = nil,
        project: ProjectName? = nil,
        count: Int? = nil,
        atomic: Bool? = nil,
        whenFull: WhenFull? = nil,
        waitSeconds: Int? = nil,
        deadlineAt: String? = nil,
        guest: GuestRequest = GuestRequest()
    ) {
        (sshKeys, hostname, seed) = (guest.sshKeys, guest.hostname, guest.seed)
        (userData, userDataBase64, networkConfig) = (guest.userData, guest.userDataBase64, guest.networkConfig)
        self.name = name
        self.project = project
        self.type = type
        self.image = image
        self.hold = hold
        self.placement = placement
        (self.networks, self.address) = (networks, address)
        self.labels = labels
        self.description = description
        (self.count, self.atomic) = (count, atomic)
        (self.whenFull, self.waitSeconds, self.deadlineAt) = (whenFull, waitSeconds, deadlineAt)
    }

    /// Refuses a name that does not do for so many VMs.
    static func validate(_ name: String, count: Int?) throws(Failure) {
        guard (1...Batch.mostVMs).contains(count ?? 1) else {
            throw Failure(.invalidRequest, "count is \(count ?? 1): give 1 to \(Batch.mostVMs)", pointer: "/count")
        }
        _ = try Failure.at("name", check: try VMName.validated(name))
        _ = try Failure.at("name", check: try VMName.validated(Batch.names(name, count: count ?? 1).last ?? name))
    }

    package func validate() throws(Failure) {
        try Self.validate(name, count: count)
        guard hold == nil || networks == nil else {
            throw Failure(
                .invalidRequest,
                "give no networks with hold_id, whose place is settled",
                pointer: "/networks"
            )
        }
        try VMNetwork.check(names: networks)
        guard hold == nil || address == nil else {
            throw Failure(.invalidRequest, "give no address with hold_id, whose place is settled", pointer: "/address")
        }
        try WhenFull.check(whenFull, waitSeconds, deadlineAt)
        guard hold == nil || (count ?? 1) == 1 && whenFull == nil && atomic == nil else {
            throw Failure(
                .invalidRequest,
                "a hold is one VM that has its place: leave out count, atomic and when_full",
                pointer: ""
            )
        }
        try Failure.at("placement", check: try placement?.validate())
        try notes.validate()
        try guest.validate(count: count ?? 1)
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

/// The body of `PATCH /v1/vms/{id}`: what it does not have stays.
package struct UpdateVMRequest: APIRequest, Hashable {
    package var name: String?
    /// In place of all labels that the VM has.
    package var labels: [String: String]?
    /// Empty for none.
    package var description: String?

    package static let forms: [String: Schema] = [
        "name": .name, "labels": .map(.label, most: VMNotes.mostLabels), "description": .description,
    ]

    package init(name: String? = nil, labels: [String: String]? = nil, description: String? = nil) {
        (self.name, self.labels, self.description) = (name, labels, description)
    }

    package func validate() throws(Failure) {
        if let name { _ = try Failure.at("name", check: try VMName.validated(name)) }
        try VMNotes(labels: labels ?? [:], description: description).validate()
    }
}
