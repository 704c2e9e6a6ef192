package import Model

/// A VM.
package struct VMResponse: Codable, Hashable, Sendable {
    package let id: VMID
    package let name: String
    package let project: ProjectName
    package let labels: [String: String]
    package let description: String?
    package let state: String
    package let stateReason: String?
    package let drift: String?
    package let type: TypeID
    package let image: ImageID
    package let needs: Amount
    package let placement: PlacementConstraints?
    package let pmID: PMID?
    package let nics: [VMNIC]
    /// The address to try first; absent where none is known.
    package let primaryIP: String?
    package let addresses: [VMAddress]
    /// Why there is none.
    package let addressesReason: String?
    /// How far it has come in its present run; missing where it does not run.
    package let ready: VMReadiness?
    /// Missing where it does not run, or has no seed disk.
    package let cloudInit: VMCloudInit?
    /// Missing where its agent has not answered.
    package let guest: VMGuest?
    package let uuid: String
    package let domain: String
    /// Missing where it has no seed disk.
    package let seed: SeedResponse?
    package let createdAt: String?
    /// The time of its last change, in microseconds since 1970: another one at each change.
    package let version: Int
    package let jobID: JobID?
    /// Whether it has come as far as the caller waited for; only in the answer to a wait.
    package var reached: Bool?
    package var wait: VMWait?

    private enum CodingKeys: String, CodingKey {
        case id, name, project, labels, description, state, drift, needs, placement, nics, addresses, ready, guest,
            uuid, domain
        case seed, version, reached, wait
        case stateReason = "state_reason"
        case type = "instance_type"
        case image = "image_id"
        case pmID = "pm_id"
        case createdAt = "created_at"
        case jobID = "job_id"
        case primaryIP = "primary_ip"
        case addressesReason = "addresses_reason"
        case cloudInit = "cloud_init"
    }

    package init(
        id: VMID,
        name: String,
        project: ProjectName,
        notes: VMNotes,
        state: String,
        stateReason: String?,
        drift: String?,
        type: TypeID,
        image: ImageID,
        needs: Amount,
        placement: PlacementConstraints?,
        pmID: PMID?,
        nics: [VMNIC],
        addresses: [VMAddress],
        primaryIP: String?,
        addressesReason: String?,
        ready: VMReadiness?,
        cloudInit: VMCloudInit?,
        guest: VMGuest?,
        uuid: String,
        domain: String,
        seed: SeedResponse?,
        createdAt: String?,
        version: Int,
        jobID: JobID?
    ) {
        self.id = id
        self.name = name
        self.project = project
        labels = notes.labels
        description = notes.description
        self.state = state
        self.stateReason = stateReason
        self.drift = drift
        self.type = type
        self.image = image
        self.needs = needs
        self.placement = placement
        self.pmID = pmID
        self.nics = nics
        self.addresses = addresses
        self.primaryIP = primaryIP
        self.addressesReason = addressesReason
        (self.ready, self.cloudInit, self.guest) = (ready, cloudInit, guest)
        self.uuid = uuid
        self.domain = domain
        self.seed = seed
        self.createdAt = createdAt
        self.version = version
        self.jobID = jobID
    }
}
