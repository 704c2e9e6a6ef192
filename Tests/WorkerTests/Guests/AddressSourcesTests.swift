import Model
import Store
import Testing

@testable import Worker

@Suite("Where addresses of guests come from")
struct AddressSourcesTests {
    private static let description = """
        <network><name>lab</name><forward mode='nat'/><bridge name='virbr7'/>
        <ip address='192.168.7.1' netmask='255.255.255.0'><dhcp><range start='192.168.7.2' end='192.168.7.9'/></dhcp></ip>
        <ip family='ipv6' address='fd00:7::1' prefix='64'/></network>
        """

    private func mac(_ last: Int) throws -> MACAddress { try #require(MACAddress("52:54:00:00:00:0\(last)")) }

    private func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

    private func network(_ xml: String = description) throws -> NetworkSummary {
        try #require(NetworkSummary(xml: xml, isActive: true, startsByItself: true))
    }

    @Test(
        "A network's description says its bridge, its addresses, whether they mean anything elsewhere, and its DHCP server"
    )
    func networks() throws {
        let lab = try network()
        #expect(lab.name == "lab" && lab.bridge == "virbr7" && lab.hasDHCP && !lab.isRouted)
        #expect(lab.subnets == [try #require(IPNetwork("192.168.7.1/24")), try #require(IPNetwork("fd00:7::1/64"))])
        let isolated = try network("<network><name>a</name><ip address='10.0.0.1' prefix='8'/></network>")
        #expect(!isolated.hasDHCP && !isolated.isRouted && isolated.subnets.count == 1)
        for (mode, isRouted) in [("nat", false), ("route", true), ("open", true), ("bridge", true)] {
            #expect(try network("<network><name>a</name><forward mode='\(mode)'/></network>").isRouted == isRouted)
        }
        #expect(try !network("<network><name>a</name><forward/></network>").isRouted)
        #expect(NetworkSummary(xml: "<network/>", isActive: true, startsByItself: true) == nil)
    }

    @Test(
        "Each card's addresses by the surest source, in the cards' order, with their scope; those of no use are left out"
    )
    func combined() throws {
        var sources = AddressSources(networks: [try network()])
        sources.networks[0].leases = [try mac(2): [try address("192.168.7.5")]]
        sources.neighbours = [
            try mac(1): [try address("10.9.0.4")], try mac(2): [try address("192.168.7.5")],
            try mac(9): [try address("10.9.0.9")],
        ]
        sources.agent = .answered([
            try mac(1): try ["127.0.0.1", "fe80::1", "10.9.0.4"].map(address),
            try mac(2): try ["192.168.7.5", "fd00:7::5"].map(address),
            // A bridge within the guest.
            try mac(8): [try address("172.17.0.1")],
        ])
        let found = sources.addresses(of: [try mac(1), try mac(2)])
        #expect(
            found.words
                == "10.9.0.4 agent routed \(try mac(1)),192.168.7.5 lease pm \(try mac(2)),fd00:7::5 agent pm \(try mac(2))"
        )
        #expect(sources.addresses(of: []).isEmpty)
    }

    @Test("As many are kept as there is room for, whatever a guest's agent says")
    func bounded() throws {
        var sources = AddressSources()
        sources.agent = .answered([try mac(1): try (1...200).map { try address("10.0.0.\($0)") }])
        #expect(sources.addresses(of: [try mac(1)]).count == AddressSources.most)
    }

    @Test("Where there is none, people are told what was asked")
    func reasons() throws {
        let vm = try HypervisorFixture.vm(1)
        var sources = AddressSources(networks: [try network()])
        #expect(sources.finding(of: vm, macs: []).reason == "the VM has no network card")
        sources.agent = .silent("QEMU guest agent is not connected")
        let reason = sources.finding(of: vm, macs: [try mac(1)]).reason ?? ""
        #expect(reason.contains("no lease of 'lab'") && reason.contains("QEMU guest agent is not connected"))
        sources.networks[0].hasDHCP = false
        #expect(sources.finding(of: vm, macs: [try mac(1)]).reason?.contains("no libvirt network of its PM") == true)
        sources.neighbours = [try mac(1): [try address("10.0.0.1")]]
        #expect(sources.finding(of: vm, macs: [try mac(1)]).reason == nil)
    }

    @Test("The neighbour table is read as `ip neigh` prints it")
    func neighbours() throws {
        let output = """
            \(HostMeasure.beginMark)
            @memory
                   total used free shared buff/cache available
            Mem:   1000  1    1    1      1          900
            @cpus
            0-3
            @load
            0.1 0.1 0.1 1/2 3
            @disk
            @system
            @identity
            @neighbours
            192.168.7.5 dev virbr7 lladdr 52:54:00:00:00:01 REACHABLE
            192.168.7.6 dev virbr7 lladdr 52:54:00:00:00:02 STALE
            192.168.7.7 dev virbr7 lladdr 52:54:00:00:00:03 FAILED
            fe80::1 dev virbr7 lladdr 52:54:00:00:00:01 router STALE
            10.0.0.1 dev eth0 lladdr
            lladdr
            \(HostMeasure.endMark)

            """
        let neighbours = try HostMeasure.parse(output: output).neighbours
        #expect(
            neighbours == [
                try mac(1): try ["192.168.7.5", "fe80::1"].map(address), try mac(2): [try address("192.168.7.6")],
            ]
        )
    }
}
