/// A network to which a network card of a VM is attached.
package struct VMNetwork: Hashable, Sendable {
    /// What a PM has of a network.
    package enum Kind: String, Codable, CaseIterable, Hashable, Sendable {
        /// A network of the PM's libvirt.
        case libvirt
        /// A bridge of the PM's own.
        case bridge
    }

    package let kind: Kind
    /// What the network or the bridge is called on the PM.
    package let name: String
    /// The VLAN on the bridge; nil for none.
    package let vlan: Int?

    /// The numbers of VLANs.
    package static let vlans = 1...4094
    /// How many network cards a VM may have.
    package static let most = 8
    /// In place of a bridge's name, of a PM whose bridges cannot be read: it may have any.
    package static let anyName = "*"

    package init(kind: Kind, name: String, vlan: Int? = nil) { (self.kind, self.name, self.vlan) = (kind, name, vlan) }

    /// What a PM has of it, whatever the VLAN.
    package var onPM: VMNetwork { VMNetwork(kind: kind, name: name) }
}

extension VMNetwork: CustomStringConvertible {
    /// As records have it: `libvirt/lab`, `bridge/br0`, `bridge/br0/12`.
    package var description: String { "\(kind.rawValue)/\(name)" + (vlan.map { "/\($0)" } ?? "") }

    /// Reads one; nil where the text is none.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count), let kind = Kind(rawValue: String(parts[0])) else { return nil }
        let name = String(parts[1])
        guard PMListing.isLibvirtName(name) || name == Self.anyName else { return nil }
        var vlan: Int?
        if parts.count == 3 {
            guard kind == .bridge, let number = Int(parts[2]), Self.vlans.contains(number) else { return nil }
            vlan = number
        }
        self.init(kind: kind, name: name, vlan: vlan)
    }
}

extension VMNetwork: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let network = VMNetwork(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "no network")
        }
        self = network
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension Set<VMNetwork> {
    /// Reads those of a PM's record, with commas between; nil where a part is none.
    package init?(words: String) {
        let parts = words.split(separator: ",")
        let networks = parts.compactMap { VMNetwork($0) }
        guard networks.count == parts.count else { return nil }
        self = Set(networks)
    }

    /// As a PM's record has them.
    package var words: String { map(\.description).sorted().joined(separator: ",") }

    /// Whether a PM that has these has a network.
    package func has(_ network: VMNetwork) -> Bool {
        contains(network.onPM) || contains(VMNetwork(kind: network.kind, name: VMNetwork.anyName))
    }
}
