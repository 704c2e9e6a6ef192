import Catalog
import Model
import Testing

@Suite("Plain lines")
struct PlainFormTests {
    @Test("Addresses in the file's order, comments, blank lines, CRLF and a byte order mark")
    func machines() throws {
        let text = "\u{FEFF}# rack 1\r\n\r\nroot@10.0.0.5:22\r\n\t localhost   # this one\r\n  # end\r\ntest:///default"
        let listings = try PMFile.parse(text, file: "pms", defaults: .none).entries
        #expect(listings.map(\.address.description) == ["root@10.0.0.5:22", "localhost", "test:///default"])
        #expect(listings.allSatisfy { $0.domainType == .automatic && $0.overcommit == .none && $0.pool == "default" })
    }

    @Test("Settings behind an address; what is not set has the default")
    func settings() throws {
        let line =
            "root@10.0.0.5:22 domain_type=qemu overcommit_cpu=2 overcommit_ram=1.5\tovercommit_disk=1 pool=fast-1 network=br0 # x"
        let defaults = Overcommit(cpu: 4, ram: 1.25, disk: 3)
        let listings = try PMFile.parse("\(line)\na\nb pool=x overcommit_cpu=8", file: "pms", defaults: defaults)
            .entries
        #expect(
            listings == [
                PMListing(
                    address: try PMAddress("root@10.0.0.5:22"),
                    domainType: .qemu,
                    overcommit: Overcommit(cpu: 2, ram: 1.5, disk: 1),
                    pool: "fast-1",
                    network: "br0"
                ),
                PMListing(address: try PMAddress("a"), overcommit: defaults),
                PMListing(address: try PMAddress("b"), overcommit: Overcommit(cpu: 8, ram: 1.25, disk: 3), pool: "x"),
            ]
        )
    }

    @Test(
        "A bad pm_file is refused at the place of its fault",
        arguments: [
            Fault("", .empty, nil, "\"pms\""),
            Fault("# none\n\n", .empty, nil, "an address a line"),
            Fault("root@a\nroot@a pool=x", .duplicate, "2:1", "'root@a' is listed on line 1 already, with other"),
            Fault(
                "localhost\n qemu:///system overcommit_cpu=2",
                .duplicate,
                "2:2",
                "'qemu:///system' is the machine 'localhost', which is listed on line 1 already, with other"
            ),
            Fault("a:0", .wrongValue, "1:1", "1 to 65535"),
            Fault("a\n  -oProxyCommand=x", .wrongValue, "2:3", "[user@]host[:port]"),
            Fault("a b", .malformed, "1:3", "key=value"),
            Fault("ssh root@a", .malformed, "1:1", "write the address alone"),
            Fault("root@a -p 22", .malformed, "1:8", "host:2222"),
            Fault("root@a:/srv/images/b.img", .wrongValue, "1:1", "write root@a"),
            Fault("root@a/b", .wrongValue, "1:1", "write root@a"),
            Fault("-oProxyCommand=x/y", .wrongValue, "1:1", "is no host"),
            Fault("root:pw@a", .wrongValue, "1:1", "a password has no place here"),
            Fault("alice@corp@a", .wrongValue, "1:1", "'corp' is no domain with a dot"),
            Fault("a, b", .wrongValue, "1:1", "no host"),
            Fault("a  color=red", .unknownKey, "1:4", "domain_type"),
            Fault("a overcomit_cpu=2", .unknownKey, "1:3", "did you mean overcommit_cpu?"),
            Fault("a pool=x pool=x", .duplicate, "1:10", "twice"),
            Fault("a pool=", .wrongValue, "1:3", "pool"),
            Fault("a pool=../x", .wrongValue, "1:3", "pool"),
            Fault("a network=", .wrongValue, "1:3", "network"),
            Fault("a network=a'b", .wrongValue, "1:3", "network"),
            Fault("a pool=\u{E9}", .wrongValue, "1:3", "pool"),
            Fault("a domain_type=KVM", .wrongValue, "1:3", "auto, kvm, qemu"),
            Fault("a overcommit_cpu=0", .wrongValue, "1:3", "0.1 to 100"),
            Fault("a overcommit_cpu=-1", .wrongValue, "1:3", "0.1 to 100"),
            Fault("a overcommit_cpu=1e1", .wrongValue, "1:3", "0.1 to 100"),
            Fault("a overcommit_ram=inf", .wrongValue, "1:3", "0.1 to 100"),
            Fault("a overcommit_ram=0x2", .wrongValue, "1:3", "0.1 to 100"),
            Fault("a overcommit_ram=.5", .wrongValue, "1:3", "0.1 to 100"),
            Fault("a overcommit_disk=101", .wrongValue, "1:3", "0.1 to 100"),
            Fault("a\nb\u{0}c", .notText, "2:2", "U+0000"),
            Fault("a\rb", .notText, "1:2", "U+000D"),
            Fault("a \u{1B}[31m", .notText, "1:3", "U+001B"),
            Fault("a\n\u{2028}b", .notText, "2:1", "U+2028"),
            Fault("\u{E9}x:\u{7F}", .notText, "1:4", "U+007F"),
        ]
    )
    func badMachines(fault: Fault) {
        fault.check { text throws(CatalogError) in try PMFile.parse(text, file: "f", defaults: .none) }
    }

    @Test("The text of an error is file:line:column: reason")
    func description() {
        let error = #expect(throws: CatalogError.self) {
            try PMFile.parse("a\n a:x", file: "/etc/pms", defaults: .none)
        }
        #expect(error?.description == "/etc/pms:2:2: 'a:x': 'x' is no port; ports are 1 to 65535")
    }
}
