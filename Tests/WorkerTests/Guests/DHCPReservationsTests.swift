import Model
import Testing

@testable import Worker

@Suite("Addresses that a DHCP server keeps")
struct DHCPReservationsTests {
    private let reservations = DHCPReservations(
        xml: """
            <network><name>a</name><ip address='10.0.0.1' netmask='255.255.255.0'><dhcp>
            <range start='10.0.0.1' end='10.0.0.4'/><range start='10.0.0.250' end='10.0.0.251'/>
            <host mac='52:54:00:00:00:07' name='b' ip='10.0.0.2'/></dhcp></ip></network>
            """
    )

    @Test("What is kept is known, and what is free is neither the PM's own, kept nor leased, wherever one begins")
    func free() throws {
        let mac = try #require(MACAddress("52:54:00:00:00:07"))
        #expect(reservations.kept[mac]?.canonical == "10.0.0.2")
        let leased = try [#require(IPAddress("10.0.0.4"))]
        let found = Set((0..<6).map { reservations.free(excluding: leased, seed: $0)?.canonical })
        #expect(found == ["10.0.0.3", "10.0.0.250", "10.0.0.251"])
        // A guest that has an address keeps that one, unless it is kept for another.
        #expect(reservations.free(preferring: leased[0], excluding: leased, seed: 0) == leased[0])
        let others = try #require(IPAddress("10.0.0.2"))
        #expect(reservations.free(preferring: others, excluding: leased, seed: 0)?.canonical == "10.0.0.3")
        let all = try ["10.0.0.3", "10.0.0.4", "10.0.0.250", "10.0.0.251"].map { try #require(IPAddress($0)) }
        #expect(reservations.free(excluding: all, seed: 5) == nil)
        #expect(DHCPReservations(xml: "<network/>").free(excluding: [], seed: 1) == nil)
    }
}
