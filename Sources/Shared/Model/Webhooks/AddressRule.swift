/// Which addresses a program may be sent to by a URL that a caller gave.
///
/// Only those of the public internet, so that nobody reaches through us what they cannot reach themselves; others where an
/// operator allows them.
package struct AddressRule: Sendable {
    private let allowed: [IPNetwork]

    package init(allowing networks: [IPNetwork] = []) { allowed = networks }

    /// Why an address must not be connected to; nil where it may.
    package func refusal(of address: IPAddress) -> String? {
        if allowed.contains(where: { $0.contains(address) }) { return nil }
        if let known = Self.special.first(where: { $0.network.contains(address) }) { return known.what }
        return !address.isIPv6 || Self.globalUnicast?.contains(address) == true ? nil : "not of the public internet"
    }

    private static let globalUnicast = IPNetwork("2000::/3")

    /// By IANA's registries of special-purpose addresses; what transports IPv4 in IPv6 counts as special, too, since it may
    /// lead to any address.
    private static let special: [(network: IPNetwork, what: String)] = [
        ("0.0.0.0/8", "unspecified"), ("10.0.0.0/8", "private"), ("100.64.0.0/10", "of a carrier's NAT"),
        ("127.0.0.0/8", "loopback"), ("169.254.0.0/16", "link-local"), ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved"), ("192.0.2.0/24", "for documentation"), ("192.88.99.0/24", "a 6to4 relay"),
        ("192.168.0.0/16", "private"), ("198.18.0.0/15", "for benchmarks"), ("198.51.100.0/24", "for documentation"),
        ("203.0.113.0/24", "for documentation"), ("224.0.0.0/4", "multicast"), ("240.0.0.0/4", "reserved"),
        ("::/128", "unspecified"), ("::1/128", "loopback"), ("::ffff:0:0/96", "IPv4 in IPv6"),
        ("::/96", "IPv4 in IPv6"), ("64:ff9b::/96", "a NAT64"), ("64:ff9b:1::/48", "a NAT64"),
        ("2001::/23", "reserved"), ("2001:db8::/32", "for documentation"), ("2002::/16", "6to4"),
        ("3fff::/20", "for documentation"), ("fc00::/7", "private"), ("fe80::/10", "link-local"),
        ("fec0::/10", "site-local"), ("ff00::/8", "multicast"),
    ].compactMap { text, what in IPNetwork(text).map { ($0, what) } }
}
