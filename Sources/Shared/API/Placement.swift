package import Model
package import Placement

extension Endpoints {
    package static let dryRun = Endpoint<DryRunRequest, DryRunResponse>(
        v1: "dryRunPlacement",
        .post,
        "/v1/placements:dry-run",
        right: .viewer,
        scope: .project,
        "Shows where VMs would go now, and why; nothing is done."
    )
    package static let readCapacity = Endpoint<NoBody, CapacityResponse>(
        v1: "readCapacity",
        .get,
        "/v1/capacity",
        scope: .project,
        "Counts how many more VMs of each type fit now, and with any one PM lost."
    )

    static let placement = [dryRun.description, readCapacity.description]
}

/// The body of `POST /v1/placements:dry-run`.
package struct DryRunRequest: APIRequest, Hashable {
    package var type: TypeID
    package var image: ImageID?
    package var count: Int?
    /// The name of a policy, with weights or without; nil for that of the workers.
    package var policy: String?
    package var placement: PlacementConstraints?
    package var networks: [String]?

    private enum CodingKeys: String, CodingKey {
        case count, policy, placement, networks
        case type = "instance_type"
        case image = "image_id"
    }

    private static let counts = 1...100
    package static let forms = [
        CodingKeys.count.rawValue: Schema.integer(counts), CodingKeys.policy.rawValue: .policy,
        CodingKeys.networks.rawValue: .list(.label, count: 1...VMNetwork.most),
    ]

    package init(
        type: TypeID,
        image: ImageID? = nil,
        count: Int? = nil,
        policy: String? = nil,
        placement: PlacementConstraints? = nil,
        networks: [String]? = nil
    ) {
        self.type = type
        self.image = image
        self.count = count
        self.policy = policy
        self.placement = placement
        self.networks = networks
    }

    package func validate() throws(Failure) {
        try VMNetwork.check(names: networks)
        try Failure.at("placement", check: try placement?.validate())
        guard let count, !Self.counts.contains(count) else { return }
        throw Failure(.invalidRequest, "count is \(count): give 1 to 100", pointer: "/count")
    }
}

/// Where VMs would go.
package struct DryRunResponse: Codable, Hashable, Sendable {
    package let decisions: [DecisionResponse]
    /// How many more VMs would fit once these were placed, also with any one PM lost.
    package let after: CapacityResponse

    package init(decisions: [DecisionResponse], after: CapacityResponse) {
        (self.decisions, self.after) = (decisions, after)
    }
}

/// Where one VM would go, and why; or why nowhere.
package struct DecisionResponse: Codable, Hashable, Sendable {
    package let pmID: PMID?
    package let code: String?
    package let detail: String?
    package let explanation: PlacementExplanation

    private enum CodingKeys: String, CodingKey {
        case code, detail, explanation
        case pmID = "pm_id"
    }

    package init(_ decision: PlacementDecision) {
        pmID = decision.machine
        explanation = decision.explanation
        switch decision.outcome {
        case .place: (code, detail) = (nil, nil)
        case .refuse(let failure): (code, detail) = (failure.code.rawValue, failure.message)
        case .undecided:
            code = FailureCode.notReady.rawValue
            detail = "it would wait until the PMs that could take it are probed"
        }
    }
}

/// How many more VMs of each type fit.
package struct CapacityResponse: Codable, Hashable, Sendable {
    package struct Row: Codable, Hashable, Sendable {
        package let instanceType: TypeID
        package let cpu: Int
        package let ramMiB: Int
        package let diskGiB: Int
        package let fitsNow: Int
        package let fitsWithOnePMLost: Int?
        package let worstPMID: PMID?
        package let vmsWithoutPlace: Int?

        private enum CodingKeys: String, CodingKey {
            case cpu
            case instanceType = "instance_type"
            case ramMiB = "ram_mib"
            case diskGiB = "disk_gib"
            case fitsNow = "fits_now"
            case fitsWithOnePMLost = "fits_with_one_pm_lost"
            case worstPMID = "worst_pm_id"
            case vmsWithoutPlace = "homeless_vms"
        }

        package init(_ row: Capacity.Row, of type: TypeID) {
            instanceType = type
            (cpu, ramMiB, diskGiB) = (row.needs.cpu, row.needs.ram, row.needs.disk)
            fitsNow = row.now
            fitsWithOnePMLost = row.worstLoss?.count
            worstPMID = row.worstLoss?.pm
            vmsWithoutPlace = row.worstLoss?.vmsWithoutPlace
        }
    }

    package let asOf: String
    package let pms: Int
    package let examinedPMs: Int
    package let types: [Row]

    private enum CodingKeys: String, CodingKey {
        case pms, types
        case asOf = "as_of"
        case examinedPMs = "examined_pms"
    }

    package init(asOf: String, types: [InstanceType], capacity: Capacity) {
        self.asOf = asOf
        pms = capacity.machines
        examinedPMs = capacity.examined
        self.types = zip(types, capacity.rows).map { Row($1, of: $0.id) }
    }
}

extension Schema {
    /// What `PolicyChoice` takes.
    fileprivate static let policy: Schema = {
        let weighers = PlacementPolicy.weighers.map(\.name).joined(separator: "|")
        let factor = #"(\#(weighers))=-?(1000|[0-9]{1,3})(\.[0-9]{1,6})?"#
        return pattern("^(\(PolicyChoice.names.joined(separator: "|")))(:\(factor))?$", longest: 400)
    }()
}
