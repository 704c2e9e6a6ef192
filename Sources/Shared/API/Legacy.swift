package import Model

/// The calls of the legacy API, whose forms never change.
extension Endpoints {
    package static let legacyCreateVM = Endpoint<NoBody, LegacyCreatedVM>(
        legacy: "legacyCreateVM",
        "/vm/create",
        arguments: [.text("name", matching: TextPattern.name), .identifier("instance_type"), .identifier("image_id")],
        failing: #"{"vmid":0}"#,
        makesJob: true,
        "Creates a VM."
    )
    package static let legacyQueryVM = Endpoint<NoBody, LegacyVM>(
        legacy: "legacyQueryVM",
        "/vm/query",
        arguments: [.identifier("vmid")],
        "Shows a VM."
    )
    package static let legacyDestroyVM = Endpoint<NoBody, LegacyStatus>(
        legacy: "legacyDestroyVM",
        "/vm/destroy",
        arguments: [.identifier("vmid")],
        failing: #"{"status":0}"#,
        makesJob: true,
        "Destroys a VM."
    )
    package static let legacyListTypes = Endpoint<NoBody, LegacyTypes>(
        legacy: "legacyListTypes",
        "/vm/types",
        "Lists the instance types."
    )
    package static let legacyListPMs = Endpoint<NoBody, LegacyPMs>(
        legacy: "legacyListPMs",
        "/pm/list",
        "Lists the PMs."
    )
    package static let legacyListVMs = Endpoint<NoBody, LegacyVMs>(
        legacy: "legacyListVMs",
        "/pm/listvms",
        arguments: [.identifier("pmid")],
        "Lists the VMs of a PM."
    )
    package static let legacyQueryPM = Endpoint<NoBody, LegacyPM>(
        legacy: "legacyQueryPM",
        "/pm/query",
        arguments: [.identifier("pmid")],
        "Shows a PM."
    )
    package static let legacyListImages = Endpoint<NoBody, LegacyImages>(
        legacy: "legacyListImages",
        "/image/list",
        "Lists the images."
    )

    static let legacy = [
        legacyCreateVM.description, legacyQueryVM.description, legacyDestroyVM.description,
        legacyListTypes.description, legacyListPMs.description, legacyListVMs.description, legacyQueryPM.description,
        legacyListImages.description,
    ]
}

/// What `/vm/create` answers.
package struct LegacyCreatedVM: Codable, Hashable, Sendable {
    package let vmid: VMID
}

/// What `/vm/query` answers.
package struct LegacyVM: Codable, Hashable, Sendable {
    package let vmid: VMID
    package let name: String
    package let type: TypeID
    /// 0 before the VM is placed.
    package let pmid: Int

    private enum CodingKeys: String, CodingKey {
        case vmid, name, pmid
        case type = "instance_type"
    }
}

/// What `/vm/destroy` answers.
package struct LegacyStatus: Codable, Hashable, Sendable {
    package let status: Int
}

/// What `/vm/types` answers.
package struct LegacyTypes: Codable, Hashable, Sendable {
    package struct Row: Codable, Hashable, Sendable {
        package let tid: TypeID
        package let cpu: Int
        package let ram: Int
        package let disk: Int
    }

    package let types: [Row]
}

/// What `/pm/list` answers.
package struct LegacyPMs: Codable, Hashable, Sendable {
    package let pmids: [PMID]
}

/// What `/pm/listvms` answers.
package struct LegacyVMs: Codable, Hashable, Sendable {
    package let vmids: [VMID]
}

/// What `/pm/query` answers.
package struct LegacyPM: Codable, Hashable, Sendable {
    package let pmid: PMID
    package let capacity: Resources
    package let free: Resources
    package let vms: Int
}

/// What `/image/list` answers.
package struct LegacyImages: Codable, Hashable, Sendable {
    package struct Row: Codable, Hashable, Sendable {
        package let id: ImageID
        package let name: String
    }

    package let images: [Row]
}
