/// Where a VM may go, as its owner asked.
package struct PlacementConstraints: Hashable, Sendable, Codable {
    /// The machine's architecture, as `x86_64`; nil for any.
    package var architecture: String?
    /// Tags that the machine must have.
    package var tags: [String]
    /// Tags that the machine must not have.
    package var notTags: [String]
    /// The one machine that will do; nil for any.
    package var pm: PMID?
    /// Machines that will not do.
    package var notPMs: [PMID]
    /// The groups that the VM belongs to, each with its rule.
    package var groups: [String: GroupRule]

    /// What its network cards are attached to, in their order; none for one card on the PM's own network.
    package var networks: [VMNetwork]
    /// Whether its first network keeps an address for it.
    package var reservesAddress: Bool

    /// Nothing is asked.
    package static let none = PlacementConstraints()

    package init(
        architecture: String? = nil,
        tags: [String] = [],
        notTags: [String] = [],
        pm: PMID? = nil,
        notPMs: [PMID] = [],
        groups: [String: GroupRule] = [:],
        networks: [VMNetwork] = [],
        reservesAddress: Bool = false
    ) {
        self.architecture = architecture
        self.tags = tags
        self.notTags = notTags
        self.pm = pm
        self.notPMs = notPMs
        self.groups = groups
        self.networks = networks
        self.reservesAddress = reservesAddress
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case architecture, tags, pm, groups, networks
        case notTags = "not_tags"
        case notPMs = "not_pms"
        case reservesAddress = "reserve_address"
    }

    /// The names of the fields, as they stand in JSON.
    package static let fieldNames = CodingKeys.allCases.map(\.rawValue)

    /// Reads constraints; what is missing is not asked.
    ///
    /// - Parameter decoder: the decoder to read from.
    /// - Throws: `DecodingError` where a value is none that may stand there.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        // Requests ask for these two beside their placement: records alone have them here.
        let isRecord = CodingUserInfoKey.formOfRequests.map { decoder.userInfo[$0] == nil } ?? true
        self.init(
            architecture: try container.decodeIfPresent(String.self, forKey: .architecture),
            tags: try container.decodeIfPresent([String].self, forKey: .tags) ?? [],
            notTags: try container.decodeIfPresent([String].self, forKey: .notTags) ?? [],
            pm: try container.decodeIfPresent(PMID.self, forKey: .pm),
            notPMs: try container.decodeIfPresent([PMID].self, forKey: .notPMs) ?? [],
            groups: try container.decodeIfPresent([String: GroupRule].self, forKey: .groups) ?? [:],
            networks: isRecord ? try container.decodeIfPresent([VMNetwork].self, forKey: .networks) ?? [] : [],
            reservesAddress: isRecord
                ? try container.decodeIfPresent(Bool.self, forKey: .reservesAddress) ?? false : false
        )
    }

    /// Writes what is asked, and nothing else.
    ///
    /// - Parameter encoder: the encoder to write to.
    /// - Throws: what the encoder throws.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(architecture, forKey: .architecture)
        if !tags.isEmpty { try container.encode(tags, forKey: .tags) }
        if !notTags.isEmpty { try container.encode(notTags, forKey: .notTags) }
        try container.encodeIfPresent(pm, forKey: .pm)
        if !notPMs.isEmpty { try container.encode(notPMs, forKey: .notPMs) }
        if !groups.isEmpty { try container.encode(groups, forKey: .groups) }
        if !networks.isEmpty { try container.encode(networks, forKey: .networks) }
        if reservesAddress { try container.encode(true, forKey: .reservesAddress) }
    }

    package static let mostTags = 16
    package static let mostGroups = 8
    package static let mostPMs = 64

    /// Refuses names that may not stand where they would be written, and more than a few of anything.
    ///
    /// - Throws: `Failure` with `invalidRequest`.
    package func validate() throws(Failure) {
        if let architecture { try Failure.at("architecture", check: try Label.validate(architecture)) }
        try Label.validate(tags, in: "tags")
        try Label.validate(notTags, in: "not_tags")
        for name in groups.keys.sorted() { try Failure.at("groups", name, check: try Label.validate(name)) }
        guard tags.count <= Self.mostTags, notTags.count <= Self.mostTags, groups.count <= Self.mostGroups,
            notPMs.count <= Self.mostPMs, networks.count <= VMNetwork.most
        else {
            throw Failure(
                .invalidRequest,
                "too much is asked: up to \(Self.mostTags) tags, \(Self.mostTags) not_tags, \(Self.mostGroups) groups and "
                    + "\(Self.mostPMs) not_pms may be named, and \(VMNetwork.most) networks"
            )
        }
        guard Set(tags).isDisjoint(with: notTags) else {
            throw Failure(.invalidRequest, "a tag stands in tags and in not_tags: no machine can have that")
        }
    }
}

extension CodingUserInfoKey {
    /// Set where the form of requests is asked for, and nothing is read.
    package static let formOfRequests = CodingUserInfoKey(rawValue: "form of requests")
}

/// What belonging to a group asks of a VM's place.
package enum GroupRule: String, Hashable, Sendable, Codable, CaseIterable {
    /// All on one machine.
    case affinity
    /// No two on one machine.
    case antiAffinity = "anti_affinity"
    /// As few as can be on one machine.
    case spread

    /// Reads its name.
    ///
    /// - Throws: `DecodingError` that names the rules there are.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let name = try container.decode(String.self)
        guard let rule = Self(rawValue: name) else {
            let rules = Self.allCases.map(\.rawValue).joined(separator: ", ")
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "there is no such rule: give \(rules)"
            )
        }
        self = rule
    }
}

/// A short name that people give to machines and groups.
package enum Label {
    /// Refuses what is no label.
    ///
    /// - Parameter name: up to 64 letters, digits, dots, dashes and underscores, a letter or digit first.
    /// - Throws: `Failure` with `invalidRequest`.
    package static func validate(_ name: String) throws(Failure) {
        func isAlphanumeric(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: false
            }
        }
        let bytes = name.utf8
        guard let first = bytes.first, isAlphanumeric(first), bytes.count <= 64,
            bytes.allSatisfy({ isAlphanumeric($0) || ".-_".utf8.contains($0) })
        else {
            throw Failure(
                .invalidRequest,
                "'\(name.prefix(70))' is no name of a tag, group or architecture: up to 64 letters, digits, dots, "
                    + "dashes and underscores, with a letter or a digit first"
            )
        }
    }

    /// Refuses a list with anything that is no label, and points at it.
    ///
    /// - Parameters:
    ///   - names: the list.
    ///   - field: the field that it stands in.
    /// - Throws: `Failure` with `invalidRequest`.
    package static func validate(_ names: [String], in field: String) throws(Failure) {
        for (index, name) in names.enumerated() { try Failure.at(field, "\(index)", check: try validate(name)) }
    }
}
