import Model
import Testing

@Suite("Addresses of machines")
struct PMAddressTests {
    @Test(
        "An ssh address becomes the libvirt URI of the original program",
        arguments: [
            ("10.0.0.5", "qemu+ssh://10.0.0.5/system?no_tty=1"),
            ("root@10.0.0.5:22", "qemu+ssh://root@10.0.0.5:22/system?no_tty=1"),
            ("pm-1.rack_2.example", "qemu+ssh://pm-1.rack_2.example/system?no_tty=1"),
            ("root@[2001:db8::1]:2222", "qemu+ssh://root@[2001:db8::1]:2222/system?no_tty=1"),
            ("2001:db8::1", "qemu+ssh://[2001:db8::1]/system?no_tty=1"),
            ("a.b-c_d@host", "qemu+ssh://a.b-c_d@host/system?no_tty=1"),
            ("alice@corp.example.org@host", "qemu+ssh://alice%40corp.example.org@host/system?no_tty=1"),
            ("a.b@CORP.EXAMPLE.ORG@host:22", "qemu+ssh://a.b%40CORP.EXAMPLE.ORG@host:22/system?no_tty=1"),
            (#"CORP\alice@host"#, "qemu+ssh://CORP%5Calice@host/system?no_tty=1"),
            ("CORP+alice@host", "qemu+ssh://CORP+alice@host/system?no_tty=1"),
            ("node7$@host", "qemu+ssh://node7$@host/system?no_tty=1"),
            ("_svc@[2001:db8::1]", "qemu+ssh://_svc@[2001:db8::1]/system?no_tty=1"),
        ]
    )
    func ssh(text: String, uri: String) throws {
        let address = try PMAddress(text)
        #expect(address.description == text)
        #expect(address.libvirtURI == uri)
        #expect(address.route == .ssh(try SSHDestination(text)))
    }

    @Test(
        "URIs are kept as they are, and tell how the machine is reached",
        arguments: [
            ("qemu:///system", PMAddress.Route.local),
            ("qemu+unix:///system?socket=/run/x", .local),
            ("test:///default", .libvirtOnly),
            ("test+unix:///default?socket=/x", .libvirtOnly),
            ("test+ssh://root@h/default", .libvirtOnly),
            ("qemu+tls://h/system", .libvirtOnly),
            ("qemu+tcp://h:16509/system", .libvirtOnly),
        ]
    )
    func uris(text: String, route: PMAddress.Route) throws {
        #expect(try PMAddress(text).libvirtURI == text)
        #expect(try PMAddress(text).route == route)
    }

    @Test("localhost is this machine")
    func local() throws {
        #expect(try PMAddress("localhost").route == .local)
        #expect(try PMAddress("localhost").libvirtURI == "qemu:///system")
    }

    @Test(
        "A simulated machine is known by its number; its address has the options that are not as usual",
        arguments: [
            ("simulated:///17", "simulated:///17", SimulatedOptions()),
            ("simulated:///1?latency_ms=5&seed=1", "simulated:///1", SimulatedOptions()),
            ("simulated:///9?cpu=4&seed=7", "simulated:///9?seed=7&cpu=4", options { ($0.seed, $0.cpu) = (7, 4) }),
            ("simulated:///9?failures=0.010", "simulated:///9?failures=0.01", options { $0.failures = 10_000 }),
            ("simulated:///9?failures=0.000001", "simulated:///9?failures=0.000001", options { $0.failures = 1 }),
            ("simulated:///9?failures=1.0", "simulated:///9?failures=1", options { $0.failures = 1_000_000 }),
        ]
    )
    func simulated(text: String, plain: String, options: SimulatedOptions) throws {
        let address = try PMAddress(text)
        #expect(address.description == text)
        guard case .simulated(let machine) = address.route else {
            Issue.record("\(address.route)")
            return
        }
        #expect(machine.options == options)
        #expect(machine.address == plain)
        #expect(try PMAddress(plain).route == address.route)
        #expect(address.libvirtURI == plain.prefix { $0 != "?" })
    }

    private static func options(_ change: (inout SimulatedOptions) -> Void) -> SimulatedOptions {
        var options = SimulatedOptions()
        change(&options)
        return options
    }

    @Test("The parts of a destination")
    func parts() throws {
        let destination = try SSHDestination("root@[::ffff:10.0.0.1]:65535")
        #expect(destination.user == "root")
        #expect(destination.host == "::ffff:10.0.0.1")
        #expect(destination.port == 65_535)
        #expect(try SSHDestination("h").user == nil)
        #expect(try SSHDestination("h").port == nil)
        #expect(try SSHDestination("[::1]").host == "::1")
    }

    @Test(
        "What ssh or a URI could take for something else is refused, with what was written",
        arguments: [
            "", " ", "-oProxyCommand=x", "root@-h", "-l@h", "a b", "a\nb", "a;b", "$(x)", "`x`", "a/b", "a?b", "a#b",
            "a%b", "alice@corp@host", "alice@.org@host", "alice@-x.org@host", "a@b.c@d.e@host", #"\alice@host"#,
            #"CORP\@host"#, #"A\B\c@host"#, "$@host", "a$b@host", "a b@host", "-l@corp.example.org@host",
            "a\u{0}b", "h:0", "h:65536", "h:-1", "h:+22", "h:", "h:22x", "h:２２", "@h", "root@", "root:pw@h", "a@b@c",
            "[hosts]", "root@[h]:22", "[10.0.0.5]", "10.0.0.256", "10.0.0", "10.0.0.5.6", "010.0.0.5",
            "root@10..0.5:22",
            "[::1",
            "[::1]22", "[::1]:", "[]", ":::", "1:2:3", "fe80::1%eth0", "ａ::1", "::1\u{0}", "h\u{E9}", "ｈ",
            "\u{202E}h", String(repeating: "x", count: 254), "://x", "1q://h", "qemu+ssh://-h/system",
            "qemu+ssh://a b/x",
            "simulated:", "simulated:///", "simulated:///0", "simulated:///01", "simulated:///1000001",
            "simulated:///x",
            "simulated://h/1", "simulated:///1?", "simulated:///1?cpu=0", "simulated:///1?x=1", "simulated:///1&cpu=1",
            "qemu:///\u{7F}", "qemu:///é", "qemu+ssh://h:0/system",
        ]
    )
    func refused(text: String) {
        let failure = #expect(throws: Failure.self) { try PMAddress(text) }
        #expect(failure?.code == .invalidRequest)
        #expect(
            failure?.message.contains(text.contains("://") ? "" : "'\(text)'") == true,
            "\(String(describing: failure))"
        )
    }
}
