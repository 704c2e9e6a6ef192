package import Model

extension Endpoints {
    package static let readPM = Endpoint<NoBody, PMResponse>(
        v1: "readPM",
        .get,
        "/v1/pms/{id}",
        query: [.optional("fields")],
        scope: .project,
        "Shows a PM."
    )
    package static let setTags = Endpoint<SetTagsRequest, PMResponse>(
        v1: "setTags",
        .put,
        "/v1/pms/{id}/tags",
        isConditional: true,
        right: .admin,
        "Gives a PM tags beside those of the pm_file."
    )
    package static let cordonPM = Endpoint<NoBody, PMResponse>(
        v1: "cordonPM",
        .post,
        "/v1/pms/{id}:cordon",
        isConditional: true,
        right: .admin,
        "Closes a PM to new VMs; those on it stay."
    )
    package static let uncordonPM = Endpoint<NoBody, PMResponse>(
        v1: "uncordonPM",
        .post,
        "/v1/pms/{id}:uncordon",
        isConditional: true,
        right: .admin,
        "Opens a PM to new VMs again."
    )
    package static let drainPM = Endpoint<NoBody, DrainResponse>(
        v1: "drainPM",
        .post,
        "/v1/pms/{id}:drain",
        query: [.flag("dry_run")],
        right: .admin,
        "Shows where the VMs of a PM would go; needs dry_run=true, since VMs are not moved yet."
    )

    package static let listPMs = Endpoint<NoBody, Page<PMResponse>>(
        list: "listPMs",
        "/v1/pms",
        scope: .project,
        "Lists the PMs that the pm_file has, by number."
    )

    static let pms = [
        listPMs.description, readPM.description, setTags.description, cordonPM.description, uncordonPM.description,
        drainPM.description,
    ]
}

/// The body of `PUT /v1/pms/{id}/tags`.
package struct SetTagsRequest: APIRequest, Hashable {
    package var tags: [String]

    private static let mostTags = 64
    package static let forms = ["tags": Schema.list(.label, count: 0...mostTags)]

    package init(tags: [String]) { self.tags = tags }

    package func validate() throws(Failure) {
        try Label.validate(tags, in: "tags")
        guard tags.count <= Self.mostTags else {
            throw Failure(
                .invalidRequest,
                "there are \(tags.count) tags: give up to \(Self.mostTags)",
                pointer: "/tags"
            )
        }
    }
}

/// A PM.
package struct PMResponse: Codable, Hashable, Sendable {
    package let id: PMID
    package let address: String
    package let state: String
    package let reason: String
    package let aliasOf: PMID?
    package let isCordoned: Bool
    package let isListed: Bool
    package let architecture: String?
    package let hostname: String?
    package let kernel: String?
    package let domainType: String?
    package let domainTypeReason: String?
    package let pool: String
    package let tags: [String]
    package let overcommit: Overcommit
    package let capacity: Amount?
    package let cpuReason: String?
    package let reserve: Amount
    package let claimed: Amount
    package let free: Amount
    package let load: Double?
    package let missing: [String]
    package let vmCount: Int
    package let groups: [String: Int]
    /// To what VMs can be attached there, as `libvirt/default` and `bridge/br0`; absent where that is not known.
    package let networks: [VMNetwork]?
    package let checkedAt: String?
    package let measuredAt: String?
    package let unreachedBy: [String: String]

    private enum CodingKeys: String, CodingKey {
        case id, address, state, reason, architecture, hostname, kernel, pool, tags, overcommit, capacity, reserve
        case claimed, free, load, missing, groups, networks
        case aliasOf = "alias_of"
        case isCordoned = "cordoned"
        case isListed = "listed"
        case domainType = "domain_type"
        case domainTypeReason = "domain_type_reason"
        case cpuReason = "cpu_reason"
        case vmCount = "vm_count"
        case checkedAt = "checked_at"
        case measuredAt = "measured_at"
        case unreachedBy = "unreached_by"
    }

    package init(
        machine: PhysicalMachine,
        reason: String,
        hostname: String?,
        kernel: String?,
        domainType: String?,
        domainTypeReason: String?,
        cpuReason: String?,
        missing: [String],
        checkedAt: String?,
        measuredAt: String?,
        unreachedBy: [String: String]
    ) {
        id = machine.id
        address = machine.listing.address.description
        state = machine.state.rawValue
        self.reason = reason
        aliasOf = machine.aliasOf
        isCordoned = machine.isCordoned
        isListed = machine.isListed
        architecture = machine.architecture
        self.hostname = hostname
        self.kernel = kernel
        self.domainType = domainType
        self.domainTypeReason = domainTypeReason
        pool = machine.listing.pool
        tags = machine.tags.sorted()
        overcommit = machine.listing.overcommit
        capacity = machine.measure.map { Amount($0.capacity) }
        self.cpuReason = cpuReason
        reserve = Amount(machine.listing.reserve)
        claimed = Amount(machine.claimed)
        free = Amount(machine.headroom)
        load = machine.measure?.load
        self.missing = missing
        vmCount = machine.vmCount
        groups = machine.groups
        networks = machine.networks?.sorted { $0.description < $1.description }
        self.checkedAt = checkedAt
        self.measuredAt = measuredAt
        self.unreachedBy = unreachedBy
    }
}

/// What would become of the VMs of a PM.
package struct DrainResponse: Codable, Hashable, Sendable {
    package struct Move: Codable, Hashable, Sendable {
        package let vmID: VMID?
        package let decision: DecisionResponse

        private enum CodingKeys: String, CodingKey {
            case decision
            case vmID = "vm_id"
        }

        package init(vmID: VMID?, decision: DecisionResponse) { (self.vmID, self.decision) = (vmID, decision) }
    }

    package let isPossible: Bool
    package let moves: [Move]

    private enum CodingKeys: String, CodingKey {
        case moves
        case isPossible = "possible"
    }

    package init(isPossible: Bool, moves: [Move]) { (self.isPossible, self.moves) = (isPossible, moves) }
}
