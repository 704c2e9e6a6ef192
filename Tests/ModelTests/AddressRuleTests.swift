import Model
import Testing

@Suite("Which addresses a webhook may reach")
struct AddressRuleTests {
    /// The first and the last address of each network that is refused, and of the public ones on both sides of it, if any.
    private static let special: [(inside: [String], outside: [String])] = [
        (["0.0.0.0", "0.255.255.255"], ["1.0.0.0"]), (["10.0.0.0", "10.255.255.255"], ["9.255.255.255", "11.0.0.0"]),
        (["100.64.0.0", "100.127.255.255"], ["100.63.255.255", "100.128.0.0"]),
        (["127.0.0.0", "127.0.0.1", "127.255.255.255"], ["126.255.255.255", "128.0.0.0"]),
        (["169.254.0.0", "169.254.169.254", "169.254.255.255"], ["169.253.255.255", "169.255.0.0"]),
        (["172.16.0.0", "172.31.255.255"], ["172.15.255.255", "172.32.0.0"]),
        (["192.0.0.0", "192.0.0.255", "192.0.2.0", "192.0.2.255"], ["191.255.255.255", "192.0.1.0", "192.0.3.0"]),
        (["192.88.99.0", "192.88.99.255"], ["192.88.98.255", "192.88.100.0"]),
        (["192.168.0.0", "192.168.255.255"], ["192.167.255.255", "192.169.0.0"]),
        (["198.18.0.0", "198.19.255.255"], ["198.17.255.255", "198.20.0.0"]),
        (["198.51.100.0", "198.51.100.255"], ["198.51.99.255", "198.51.101.0"]),
        (["203.0.113.0", "203.0.113.255"], ["203.0.112.255", "203.0.114.0"]),
        (["224.0.0.0", "239.255.255.255", "240.0.0.0", "255.255.255.255"], ["223.255.255.255"]),
        (["::", "::1", "::2", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:7f00:1"], []),
        (["64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "100::1", "200::1", "1fff:ffff::"], ["2003::"]),
        (["2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:1ff:ffff::"], ["2001:200::1"]),
        (["2001:db8::", "2001:db8:ffff::1"], ["2001:db7:ffff::1", "2001:db9::1"]),
        (["2002:7f00:1::", "2002:808:808::1"], ["2001:ffff::", "2003::1"]),
        (["3fff::", "3fff:fff:ffff::"], ["3ffe:ffff::", "3fff:1000::"]),
        (["4000::", "5f00::1", "fc00::", "fdff:ffff::1", "fe80::1", "febf::1", "fec0::1", "feff::1", "ff02::1"], []),
    ]

    @Test("None that is not of the public internet, from the first of its network to the last; all others")
    func table() throws {
        let rule = AddressRule()
        for row in Self.special {
            for text in row.inside {
                #expect(try rule.refusal(of: #require(IPAddress(text), "\(text)")) != nil, "\(text)")
            }
            for text in row.outside { #expect(try rule.refusal(of: #require(IPAddress(text))) == nil, "\(text)") }
        }
    }

    @Test("Whatever IPv4 address is wrapped into IPv6, in any of the ways that lead back to it, is refused")
    func wrapped() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2_000 {
            let words = (0..<2).map { _ in String(UInt16.random(in: 0 ... .max, using: &random), radix: 16) }
            let (high, low) = (words[0], words[1])
            for text in [
                "::\(high):\(low)", "::ffff:\(high):\(low)", "64:ff9b::\(high):\(low)", "2002:\(high):\(low)::1",
                "2001:0:\(high):\(low)::", "64:ff9b:1::\(high):\(low)",
            ] { #expect(try AddressRule().refusal(of: #require(IPAddress(text))) != nil, "\(text)") }
        }
    }

    @Test("A network that is allowed opens its own addresses, and no others")
    func allowed() throws {
        let texts = ["10.1.2.0/24", "127.0.0.1", "fd00:1::/32", "192.168.7.128/25"]
        let networks = try texts.map { try #require(IPNetwork($0)) }
        let rule = AddressRule(allowing: networks)
        for text in ["10.1.2.0", "10.1.2.255", "127.0.0.1", "fd00:1::1", "192.168.7.128", "8.8.8.8"] {
            #expect(try rule.refusal(of: #require(IPAddress(text))) == nil, "\(text)")
        }
        for text in ["10.1.3.0", "10.1.1.255", "127.0.0.2", "fd00:2::1", "192.168.7.127", "::ffff:10.1.2.1", "::1"] {
            #expect(try rule.refusal(of: #require(IPAddress(text))) != nil, "\(text)")
        }
    }

    @Test("An address is read in its usual form alone")
    func forms() {
        for text in [
            "", "1", "127.1", "0177.0.0.1", "0x7f.0.0.1", "1.2.3.4.5", "256.1.1.1", "1.2.3.4 ", "fe80::1%eth0", ":",
            "1.2.3.4\u{0}",
        ] { #expect(IPAddress(text) == nil, "\(text)") }
        for text in ["1.2.3.4/33", "1.2.3.4/-1", "1.2.3.4/", "1.2.3.4/8/9", "::/129", "a/8"] {
            #expect(IPNetwork(text) == nil, "\(text)")
        }
        #expect(IPAddress("2001:db8::1")?.description == "2001:db8:0:0:0:0:0:1")
    }
}
