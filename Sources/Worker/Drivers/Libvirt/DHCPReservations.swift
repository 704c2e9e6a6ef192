import Model
import XML

/// The addresses that a network's DHCP server keeps for known network cards, and those that it may give.
struct DHCPReservations: Hashable, Sendable {
    /// What is kept, by network card.
    private(set) var kept: [MACAddress: IPAddress] = [:]
    /// What they are called, by network card.
    private(set) var names: [MACAddress: String] = [:]
    /// From which it gives: the first and the last address of each range, as numbers.
    private var ranges: [ClosedRange<UInt32>] = []
    private var taken: Set<UInt32> = []

    /// How many addresses are tried.
    private static let mostTries = 4096

    /// Reads a network's description (`virNetworkGetXMLDesc`): its IPv4 addresses.
    init(xml: String) {
        for range in XMLElement.root(of: xml)?.children("ip") ?? [] {
            if let own = Self.number(range[attribute: "address"]) { taken.insert(own) }
            guard let server = range.child("dhcp") else { continue }
            for element in server.children("range") {
                guard let first = Self.number(element[attribute: "start"]),
                    let last = Self.number(element[attribute: "end"]), first <= last
                else { continue }
                ranges.append(first...last)
            }
            for host in server.children("host") {
                guard let address = host[attribute: "ip"].flatMap({ IPAddress($0) }) else { continue }
                if let number = Self.number(address.description) { taken.insert(number) }
                guard let mac = host[attribute: "mac"].flatMap({ MACAddress($0) }) else { continue }
                kept[mac] = address
                names[mac] = host[attribute: "name"]
            }
        }
    }

    /// An address that nobody has.
    ///
    /// - Parameters:
    ///   - own: what the guest has already; nil for none.
    ///   - leased: what guests have by chance.
    ///   - seed: where in the ranges to begin, so that several workers seldom try the same.
    /// - Returns: nil where there is none.
    func free(preferring own: IPAddress? = nil, excluding leased: [IPAddress], seed: Int) -> IPAddress? {
        if let own, let number = Self.number(own.description), !taken.contains(number) { return own }
        let others = taken.union(leased.compactMap { Self.number($0.description) })
        let count = ranges.reduce(0) { $0 + $1.count }
        guard count > 0 else { return nil }
        for attempt in 0..<min(count, Self.mostTries) {
            let number = number(at: (abs(seed % count) + attempt) % count)
            if !others.contains(number) { return IPAddress(Self.text(number)) }
        }
        return nil
    }

    private func number(at index: Int) -> UInt32 {
        var left = index
        for range in ranges {
            if left < range.count { return range.lowerBound + UInt32(left) }
            left -= range.count
        }
        return 0
    }

    private static func number(_ text: String?) -> UInt32? {
        guard let address = text.flatMap({ IPAddress($0) }), !address.isIPv6 else { return nil }
        return address.bytes.reduce(0) { $0 << 8 | UInt32($1) }
    }

    private static func text(_ number: UInt32) -> String {
        (0..<4).reversed().map { String(number >> (8 * UInt32($0)) & 0xFF) }.joined(separator: ".")
    }
}
