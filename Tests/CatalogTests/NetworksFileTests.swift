import Catalog
import Model
import Testing

@Suite("The networks_file")
struct NetworksFileTests {
    @Test(
        "Lines and dictionaries say the same; a network repeated in the same words is taken once",
        arguments: [
            "lab # ours\n\nbr0 kind=bridge\r\novs0 kind=bridge vlan=12 as=dmz\nlab",
            #""networks": ["lab", {"name": "br0", "kind": "bridge"}, {'name': 'ovs0', 'kind': 'bridge', 'vlan': 12, 'as': 'dmz'}, "lab",]"#,
            #"networks = [{"name": "lab"}, {"kind": "bridge", "name": "br0"}, {"name": "ovs0", "as": "dmz", "vlan": 12, "kind": "bridge"}, "lab"]"#,
        ]
    )
    func forms(text: String) throws {
        let list = try NetworksFile.parse(text, file: "networks")
        #expect(list.entries.map(\.name) == ["lab", "br0", "dmz"])
        #expect(list.entries.map(\.network.description) == ["libvirt/lab", "bridge/br0", "bridge/ovs0/12"])
        #expect(list.warnings.count == 1)
    }

    @Test(
        "A bad networks_file is refused at the place of its fault",
        arguments: [
            Fault("", .empty, nil, "lists no network"), Fault("lab\n-x", .wrongValue, "2:1", "'-x' is no name"),
            Fault("lab kind=macvtap", .wrongValue, "1:5", "libvirt or bridge"),
            Fault("lab vlan=1", .wrongValue, "1:1", "is no bridge"),
            Fault("b kind=bridge vlan=4095", .wrongValue, "1:15", "1 to 4094"),
            Fault("b kind=bridge vlan=x", .wrongValue, "1:15", "1 to 4094"),
            Fault("lab kinds=bridge", .unknownKey, "1:5", "is no setting of a network"),
            Fault("lab bridge", .malformed, "1:5", "'bridge' is no setting"),
            Fault("lab\nb kind=bridge as=lab", .duplicate, "2:1", "'lab' is listed on line 1 already, as another"),
            Fault(#""networks": [{"kind": "bridge"}]"#, .missingKey, "1:14", "lacks 'name'"),
            Fault(#""networks": [{"name": "b", "kind": "bridge", "vlan": "5"}]"#, .wrongValue, "1:54", "1 to 4094"),
            Fault(#""pms": ["a"]"#, .unknownKey, "1:1", "networks"),
        ]
    )
    func faults(fault: Fault) {
        fault.check { (text) throws(CatalogError) in try NetworksFile.parse(text, file: "networks") }
    }
}
