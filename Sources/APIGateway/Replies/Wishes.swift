import Model

/// What is to be made: the body of `POST /v1/vms`.
struct VMWish: Decodable {
    let name: String
    /// Nil where a hold is built, which has its type.
    let type: TypeID?
    let image: ImageID
    let hold: VMID?
    let placement: PlacementConstraints

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case name, placement
        case type = "instance_type"
        case image = "image_id"
        case hold = "hold_id"
    }

    init(from decoder: any Decoder) throws {
        try decoder.allow(CodingKeys.allCases.map(\.rawValue))
        let container = try decoder.container(keyedBy: CodingKeys.self)
        name = try VMName.validated(try container.decode(String.self, forKey: .name))
        image = try container.decode(ImageID.self, forKey: .image)
        hold = try container.decodeIfPresent(VMID.self, forKey: .hold)
        placement = try container.decodeIfPresent(PlacementWish.self, forKey: .placement)?.constraints ?? .none
        type = try container.decodeIfPresent(TypeID.self, forKey: .type)
        guard (type == nil) == (hold != nil), hold == nil || placement == .none else {
            throw Failure(
                .invalidRequest,
                "give instance_type and, if need be, placement; or hold_id, whose type and place are settled"
            )
        }
    }
}

/// What is to be held: the body of `POST /v1/holds`.
struct HoldWish: Decodable {
    let type: TypeID
    let image: ImageID
    let seconds: Int
    let placement: PlacementConstraints

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case placement
        case type = "instance_type"
        case image = "image_id"
        case seconds = "expires_in_s"
    }

    init(from decoder: any Decoder) throws {
        try decoder.allow(CodingKeys.allCases.map(\.rawValue))
        let container = try decoder.container(keyedBy: CodingKeys.self)
        type = try container.decode(TypeID.self, forKey: .type)
        image = try container.decode(ImageID.self, forKey: .image)
        seconds = try container.decode(Int.self, forKey: .seconds)
        placement = try container.decodeIfPresent(PlacementWish.self, forKey: .placement)?.constraints ?? .none
        guard (1...604_800).contains(seconds) else {
            throw Failure(.invalidRequest, "expires_in_s is \(seconds): give 1 to 604800, which is a week")
        }
    }
}

/// What is asked of a dry run: the body of `POST /v1/placements:dry-run`.
struct DryRunWish: Decodable {
    let type: TypeID
    let image: ImageID?
    let count: Int
    let policy: String?
    let placement: PlacementConstraints

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case count, policy, placement
        case type = "instance_type"
        case image = "image_id"
    }

    init(from decoder: any Decoder) throws {
        try decoder.allow(CodingKeys.allCases.map(\.rawValue))
        let container = try decoder.container(keyedBy: CodingKeys.self)
        type = try container.decode(TypeID.self, forKey: .type)
        image = try container.decodeIfPresent(ImageID.self, forKey: .image)
        count = try container.decodeIfPresent(Int.self, forKey: .count) ?? 1
        policy = try container.decodeIfPresent(String.self, forKey: .policy)
        placement = try container.decodeIfPresent(PlacementWish.self, forKey: .placement)?.constraints ?? .none
        guard (1...100).contains(count) else {
            throw Failure(.invalidRequest, "count is \(count): give 1 to 100")
        }
    }
}

/// The tags to give a PM: the body of `PUT /v1/pms/{id}/tags`.
struct TagsWish: Decodable {
    let tags: Set<String>

    private enum CodingKeys: String, CodingKey {
        case tags
    }

    init(from decoder: any Decoder) throws {
        try decoder.allow(["tags"])
        tags = Set(try decoder.container(keyedBy: CodingKeys.self).decode([String].self, forKey: .tags))
        for tag in tags { try Label.validate(tag) }
        guard tags.count <= 64 else { throw Failure(.invalidRequest, "there are \(tags.count) tags: give up to 64") }
    }
}

/// Where a VM may go, with no field that is not known.
private struct PlacementWish: Decodable {
    let constraints: PlacementConstraints

    init(from decoder: any Decoder) throws {
        try decoder.allow(PlacementConstraints.fieldNames)
        constraints = try PlacementConstraints(from: decoder)
        try constraints.validate()
    }
}
