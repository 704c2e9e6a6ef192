package import Model

extension Endpoints {
    package static let listNetworks = Endpoint<NoBody, Page<NetworkResponse>>(
        list: "listNetworks",
        "/v1/networks",
        scope: .project,
        "Lists the networks that requests may name, by name."
    )

    static let networks = [listNetworks.description]
}

/// A network that requests may name.
package struct NetworkResponse: Codable, Hashable, Sendable {
    package let name: String
    package let kind: VMNetwork.Kind
    /// What it is called on the PMs.
    package let device: String
    package let vlan: Int?
    /// Where it is defined: `file`, the networks_file.
    package let source: String

    package init(name: String, network: VMNetwork) {
        (self.name, kind, device, vlan) = (name, network.kind, network.name, network.vlan)
        source = "file"
    }
}

extension VMNetwork {
    /// Refuses too many networks, or a list of none.
    static func check(names: [String]?) throws(Failure) {
        guard let names, !(1...most).contains(names.count) else { return }
        throw Failure(.invalidRequest, "give 1 to \(most) networks, or leave them out", pointer: "/networks")
    }
}

extension VMNetwork.Kind: SchemaDescribed {
    package static var schema: Schema { .string(oneOf: allCases.map(\.rawValue)) }
    package static var sample: Self? { .libvirt }
}

extension VMNetwork: SchemaDescribed {
    package static var schema: Schema { .string() }
    package static var sample: Self? { VMNetwork(kind: .libvirt, name: "default") }
}
