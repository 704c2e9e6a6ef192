/// An address of a guest, and who says that the guest has it.
package struct GuestAddress: Hashable, Sendable {
    /// Who says so, the surest first.
    package enum Source: String, Codable, CaseIterable, Hashable, Sendable {
        /// A libvirt network keeps it for this network card.
        case reserved
        /// The DHCP server of a libvirt network gave it.
        case lease
        /// The guest's agent says so.
        case agent
        /// The PM has spoken with it.
        case neighbour
    }

    /// From where it can be reached.
    package enum Scope: String, Codable, CaseIterable, Hashable, Sendable {
        /// From its PM: the network is behind that one alone, and other PMs may have the same addresses.
        case pm
        /// From wherever its network is routed to.
        case routed
    }

    package let address: IPAddress
    package let source: Source
    package let scope: Scope
    /// Of the network card that has it.
    package let mac: MACAddress
    /// Since when it is known, as the store wrote it; nil before it is written.
    package let since: String?

    package init(_ address: IPAddress, source: Source, scope: Scope, mac: MACAddress, since: String? = nil) {
        (self.address, self.source, self.scope, self.mac, self.since) = (address, source, scope, mac, since)
    }

    /// Reads one as records have it: address, source, scope, MAC address and time.
    init?(words: some StringProtocol) {
        let parts = words.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 5, let address = IPAddress(parts[0]), let source = Source(rawValue: String(parts[1])),
            let scope = Scope(rawValue: String(parts[2])), let mac = MACAddress(parts[3])
        else { return nil }
        self.init(address, source: source, scope: scope, mac: mac, since: String(parts[4]))
    }

    /// As scripts take it, which add the time.
    fileprivate var words: String { "\(address.canonical) \(source.rawValue) \(scope.rawValue) \(mac)" }
}

extension [GuestAddress] {
    /// Reads a list as records have it, with commas between; nil where a part is none.
    package init?(words: String) {
        let parts = words.split(separator: ",")
        let addresses = parts.compactMap { GuestAddress(words: $0) }
        guard addresses.count == parts.count else { return nil }
        self = addresses
    }

    /// As scripts take the list.
    package var words: String { map(\.words).joined(separator: ",") }

    /// The one to try first: an IPv4 address where there is one.
    package var primary: IPAddress? { (first { !$0.address.isIPv6 } ?? first)?.address }
}

extension IPAddress {
    /// Whether others can reach a guest at it: it is neither of the guest alone nor of one cable, nor for many.
    package var isOfGuest: Bool {
        if isIPv6 {
            let isLoopback = bytes.dropLast().allSatisfy { $0 == 0 } && bytes[15] <= 1
            return !isLoopback && bytes[0] != 0xFF && !(bytes[0] == 0xFE && bytes[1] & 0xC0 == 0x80)
        }
        return bytes[0] != 0 && bytes[0] != 127 && bytes[0] < 224 && !(bytes[0] == 169 && bytes[1] == 254)
    }
}
