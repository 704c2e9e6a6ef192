package import Model

extension Endpoints {
    package static let listTypes = Endpoint<NoBody, Page<TypeResponse>>(
        list: "listTypes",
        "/v1/types",
        scope: .project,
        "Lists the instance types, by number."
    )
    package static let readType = Endpoint<NoBody, TypeResponse>(
        v1: "readType",
        .get,
        "/v1/types/{id}",
        scope: .project,
        "Shows an instance type."
    )

    static let types = [listTypes.description, readType.description]
}

/// An instance type.
package struct TypeResponse: Codable, Hashable, Sendable {
    package let id: TypeID
    package let cpu: Int
    package let ramMiB: Int
    package let diskGiB: Int
    /// Where it is defined: `file`, the flavor_file.
    package let source: String

    private enum CodingKeys: String, CodingKey {
        case id, cpu, source
        case ramMiB = "ram_mib"
        case diskGiB = "disk_gib"
    }

    package init(_ type: InstanceType) {
        id = type.id
        (cpu, ramMiB, diskGiB) = (type.needs.cpu, type.needs.ram, type.needs.disk)
        source = "file"
    }
}
