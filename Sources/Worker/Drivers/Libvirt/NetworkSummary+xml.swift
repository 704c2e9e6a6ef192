import Model
import XML

extension NetworkSummary {
    /// How networks hand on what is for their guests, where the addresses of those mean nothing elsewhere.
    private static let hidingModes: Set<String> = ["", "nat"]

    /// Reads a network's description (`virNetworkGetXMLDesc`); nil where it has no name.
    init?(xml: String, isActive: Bool, startsByItself: Bool) {
        guard let root = XMLElement.root(of: xml), let name = root.child("name")?.text else { return nil }
        self.name = name
        self.isActive = isActive
        self.startsByItself = startsByItself
        bridge = root.child("bridge")?[attribute: "name"]
        let forward = root.child("forward")
        let mode = forward.map { $0[attribute: "mode"] ?? "nat" } ?? ""
        isRouted = !Self.hidingModes.contains(mode)
        let ranges = root.children("ip")
        subnets = ranges.compactMap(Self.subnet)
        let known = DHCPReservations(xml: xml)
        reservations = known.kept
        owned = known.names.compactMap { mac, text in
            VolumeName(text).domainName == text ? AddressReservation(network: name, mac: mac, owner: text) : nil
        }
        hasDHCP = ranges.contains { $0.child("dhcp") != nil }
    }

    private static func subnet(_ element: XMLElement) -> IPNetwork? {
        guard let address = element[attribute: "address"] else { return nil }
        if let prefix = element[attribute: "prefix"] { return IPNetwork("\(address)/\(prefix)") }
        guard let mask = element[attribute: "netmask"].flatMap({ IPAddress($0) }) else { return IPNetwork(address) }
        return IPNetwork("\(address)/\(mask.bytes.reduce(0) { $0 + $1.nonzeroBitCount })")
    }
}
