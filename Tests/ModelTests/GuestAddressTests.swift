import Model
import Testing

@Suite("Addresses of guests")
struct GuestAddressTests {
    @Test(
        "What only the guest itself or its cable knows is no address of a guest",
        arguments: [
            ("192.168.122.45", true), ("10.0.0.1", true), ("127.0.0.1", false), ("0.0.0.0", false),
            ("169.254.3.4", false), ("224.0.0.1", false), ("255.255.255.255", false), ("2001:db8::1", true),
            ("fd00::7", true), ("::1", false), ("::", false), ("fe80::5054:ff:fe00:1", false), ("ff02::1", false),
        ]
    )
    func ofGuest(text: String, expected: Bool) throws {
        #expect(try #require(IPAddress(text)).isOfGuest == expected)
    }

    @Test("A record's list reads back, and IPv6 is written in its shortest form")
    func words() throws {
        let mac = try #require(MACAddress("52:54:00:00:00:01"))
        let known = [GuestAddress](
            words: "192.0.2.7 lease pm \(mac) 2026-01-01T00:00:00.000Z,fd00:0:0:0::7 agent routed \(mac) x"
        )
        let addresses = try #require(known)
        #expect(addresses.words == "192.0.2.7 lease pm \(mac),fd00::7 agent routed \(mac)")
        #expect(addresses[0].since == "2026-01-01T00:00:00.000Z")
        #expect([GuestAddress](words: "")?.isEmpty == true)
        for text in [
            "192.0.2.7", "192.0.2 lease pm \(mac) x", "192.0.2.7 rumour pm \(mac) x", "192.0.2.7 lease pm y x",
        ] {
            #expect([GuestAddress](words: text) == nil, "\(text)")
        }
    }

    @Test("An IPv4 address is tried first")
    func primary() throws {
        let mac = try #require(MACAddress("52:54:00:00:00:01"))
        func address(_ text: String) throws -> GuestAddress {
            GuestAddress(try #require(IPAddress(text)), source: .lease, scope: .pm, mac: mac)
        }
        #expect(try [address("fd00::1"), address("192.0.2.7")].primary?.canonical == "192.0.2.7")
        #expect(try [address("fd00::1")].primary?.canonical == "fd00::1")
        #expect([GuestAddress]().primary == nil)
    }
}
