package import Model

extension Endpoints {
    package static let createBatch = Endpoint<CreateBatchRequest, BatchResponse>(
        v1: "createBatch",
        .post,
        "/v1/batches",
        status: 201,
        makesBatch: true,
        scope: .project,
        bodyLimit: 256 << 10,
        "Creates several VMs; with atomic, all get their places together or none does."
    )
    package static let listBatches = Endpoint<NoBody, Page<BatchSummary>>(
        list: "listBatches",
        "/v1/batches",
        filters: [.optional("project")],
        scope: .project,
        "Lists the batches, by number."
    )
    package static let readBatch = Endpoint<NoBody, BatchResponse>(
        v1: "readBatch",
        .get,
        "/v1/batches/{id}",
        query: [.wait],
        scope: .project,
        "Shows a batch with its jobs and VMs; with wait, once all jobs have ended or the wait is over."
    )
    package static let cancelBatch = Endpoint<NoBody, BatchResponse>(
        v1: "cancelBatch",
        .post,
        "/v1/batches/{id}:cancel",
        query: [.wait],
        scope: .project,
        "Cancels the jobs of a batch that have not ended: what they have made is taken away again."
    )

    static let batches = [
        listBatches.description, createBatch.description, readBatch.description, cancelBatch.description,
    ]
}

/// The body of `POST /v1/batches`.
package struct CreateBatchRequest: APIRequest, Hashable {
    package var vms: [Create]
    /// Whether all VMs get their places together or none does.
    package var atomic: Bool?
    package var whenFull: WhenFull?
    package var waitSeconds: Int?
    package var deadlineAt: String?
    /// Nil for that of the caller's token, or `default`.
    package var project: ProjectName?

    private enum CodingKeys: String, CodingKey {
        case vms, atomic, project
        case whenFull = "when_full"
        case waitSeconds = "wait_s"
        case deadlineAt = "deadline_at"
    }

    package static let forms = [
        CodingKeys.vms.rawValue: Schema.list(Schema(of: Create.self), count: 1...Batch.mostVMs),
        CodingKeys.waitSeconds.rawValue: .integer(WhenFull.seconds), CodingKeys.deadlineAt.rawValue: .time,
    ]

    package init(
        vms: [Create],
        atomic: Bool? = nil,
        whenFull: WhenFull? = nil,
        waitSeconds: Int? = nil,
        deadlineAt: String? = nil,
        project: ProjectName? = nil
    ) {
        self.vms = vms
        self.atomic = atomic
        self.project = project
        (self.whenFull, self.waitSeconds, self.deadlineAt) = (whenFull, waitSeconds, deadlineAt)
    }

    package func validate() throws(Failure) {
        for (index, vm) in vms.enumerated() { try Failure.at("vms", "\(index)", check: try vm.validate()) }
        let count = vms.reduce(0) { $0 + ($1.count ?? 1) }
        guard (1...Batch.mostVMs).contains(count) else {
            throw Failure(
                .invalidRequest,
                "vms asks for \(count) VMs: give 1 to \(Batch.mostVMs) in all",
                pointer: "/vms"
            )
        }
        try WhenFull.check(whenFull, waitSeconds, deadlineAt)
    }

    /// One VM of a batch, or several that differ in their names alone.
    package struct Create: Codable, Hashable, Sendable, FieldForms {
        package var name: String
        package var type: TypeID
        package var image: ImageID
        package var placement: PlacementConstraints?
        package var networks: [String]?
        package var address: AddressChoice?
        package var labels: [String: String]?
        package var description: String?
        package var count: Int?
        package var sshKeys: [String]?
        package var userData: String?
        package var userDataBase64: String?
        package var hostname: String?
        package var networkConfig: String?
        package var seed: SeedKind?

        private enum CodingKeys: String, CodingKey {
            case name, placement, networks, address, labels, description, count, hostname, seed
            case sshKeys = "ssh_keys"
            case userData = "user_data"
            case userDataBase64 = "user_data_base64"
            case networkConfig = "network_config"
            case type = "instance_type"
            case image = "image_id"
        }

        package static let forms = [
            CodingKeys.name.rawValue: Schema.name, CodingKeys.labels.rawValue: .map(.label, most: VMNotes.mostLabels),
            CodingKeys.description.rawValue: .description, CodingKeys.count.rawValue: .integer(1...Batch.mostVMs),
            CodingKeys.networks.rawValue: .list(.label, count: 1...VMNetwork.most),
        ].merging(GuestRequest.forms) { own, _ in own }

        /// What is asked of the seed disk of each VM.
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
            type: TypeID,
            image: ImageID,
            placement: PlacementConstraints? = nil,
            networks: [String]? = nil,
            address: AddressChoice? = nil,
            labels: [String: String]? = nil,
            description: String? = nil,
            count: Int? = nil,
            guest: GuestRequest = GuestRequest()
        ) {
            (sshKeys, hostname, seed) = (guest.sshKeys, guest.hostname, guest.seed)
            (userData, userDataBase64, networkConfig) = (guest.userData, guest.userDataBase64, guest.networkConfig)
            (self.name, self.type, self.image, self.placement) = (name, type, image, placement)
            (self.networks, self.address) = (networks, address)
            (self.labels, self.description, self.count) = (labels, description, count)
        }

        /// What its owner says of each VM.
        package var notes: VMNotes { VMNotes(labels: labels ?? [:], description: description) }

        fileprivate func validate() throws(Failure) {
            try CreateVMRequest.validate(name, count: count)
            try VMNetwork.check(names: networks)
            try Failure.at("placement", check: try placement?.validate())
            try notes.validate()
            try guest.validate(count: count ?? 1)
        }
    }
}

/// A batch in a list.
package struct BatchSummary: Codable, Hashable, Sendable {
    package let id: BatchID
    package let project: ProjectName?
    package let atomic: Bool
    /// How many VMs were asked for.
    package let count: Int
    package let createdAt: String?
    package let requestID: String?

    private enum CodingKeys: String, CodingKey {
        case id, project, atomic, count
        case createdAt = "created_at"
        case requestID = "request_id"
    }

    package init(
        id: BatchID,
        project: ProjectName?,
        atomic: Bool,
        count: Int,
        createdAt: String?,
        requestID: String?
    ) {
        (self.id, self.project, self.atomic, self.count) = (id, project, atomic, count)
        (self.createdAt, self.requestID) = (createdAt, requestID)
    }
}

/// A batch with what became of it.
package struct BatchResponse: Codable, Hashable, Sendable {
    /// What all jobs of a batch together come to.
    package enum State: String, Codable, CaseIterable, Hashable, Sendable {
        /// A job has not ended.
        case open
        /// All jobs have done as asked.
        case done
        /// Some have, others have not.
        case partial
        /// None has.
        case failed
    }

    package let id: BatchID
    package let project: ProjectName?
    package let atomic: Bool
    package let count: Int
    package let state: State
    package let createdAt: String?
    package let requestID: String?
    package let vms: [Member]

    private enum CodingKeys: String, CodingKey {
        case id, project, atomic, count, state, vms
        case createdAt = "created_at"
        case requestID = "request_id"
    }

    package init(_ summary: BatchSummary, state: State, vms: [Member]) {
        (id, project, atomic, count) = (summary.id, summary.project, summary.atomic, summary.count)
        (createdAt, requestID) = (summary.createdAt, summary.requestID)
        (self.state, self.vms) = (state, vms)
    }

    /// A VM of a batch, with its create.
    package struct Member: Codable, Hashable, Sendable {
        package let vmID: VMID
        /// Missing where the VM is no more.
        package let vmState: String?
        /// Missing where it has no PM.
        package let pmID: PMID?
        package let jobID: JobID
        /// Missing where the job's record is gone.
        package let jobState: String?
        package let error: JobError?

        private enum CodingKeys: String, CodingKey {
            case error
            case vmID = "vm_id"
            case vmState = "vm_state"
            case pmID = "pm_id"
            case jobID = "job_id"
            case jobState = "job_state"
        }

        package init(vmID: VMID, vmState: String?, pmID: PMID?, jobID: JobID, jobState: String?, error: JobError?) {
            (self.vmID, self.vmState, self.pmID) = (vmID, vmState, pmID)
            (self.jobID, self.jobState, self.error) = (jobID, jobState, error)
        }
    }
}

extension BatchResponse.State: SchemaDescribed {
    package static var schema: Schema { .string(oneOf: allCases.map(\.rawValue)) }
    package static var sample: Self? { .open }
}
