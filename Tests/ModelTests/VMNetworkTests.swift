import Model
import Testing

@Suite("Networks of VMs")
struct VMNetworkTests {
    @Test("A network is read as it is written, and nothing else is one")
    func text() {
        for text in ["libvirt/lab", "bridge/br0", "bridge/br0/12"] { #expect(VMNetwork(text)?.description == text) }
        for text in [
            "", "lab", "libvirt/", "libvirt/a b", "libvirt/lab/1", "bridge/br0/0", "bridge/br0/4095", "bridge/br0/1/2",
            "tap/a", "libvirt/../x", "bridge/-x",
        ] { #expect(VMNetwork(text) == nil, "\(text)") }
    }

    @Test("Constraints carry networks, and no more than a VM has cards")
    func constraints() throws {
        let networks = [VMNetwork(kind: .libvirt, name: "lab"), VMNetwork(kind: .bridge, name: "br0", vlan: 12)]
        let constraints = PlacementConstraints(networks: networks)
        #expect(constraints.json == #"{"networks":["libvirt/lab","bridge/br0/12"]}"#)
        #expect(PlacementConstraints(json: constraints.json) == constraints)
        let many = [VMNetwork](repeating: networks[0], count: VMNetwork.most + 1)
        #expect(PlacementConstraints(json: PlacementConstraints(networks: many).json) == nil)
    }

    @Test("A PM has a bridge on every VLAN, and any bridge where its bridges cannot be read")
    func onPM() throws {
        let pm = try #require(Set<VMNetwork>(words: "bridge/br0,libvirt/lab"))
        #expect(pm.words == "bridge/br0,libvirt/lab")
        #expect(
            pm.has(VMNetwork(kind: .bridge, name: "br0", vlan: 3)) && pm.has(VMNetwork(kind: .libvirt, name: "lab"))
        )
        #expect(!pm.has(VMNetwork(kind: .libvirt, name: "br0")) && !pm.has(VMNetwork(kind: .bridge, name: "br1")))
        let unread = try #require(Set<VMNetwork>(words: "bridge/*"))
        #expect(unread.has(VMNetwork(kind: .bridge, name: "br1")) && !unread.has(VMNetwork(kind: .libvirt, name: "a")))
        #expect(Set<VMNetwork>(words: "br0") == nil)
    }
}
