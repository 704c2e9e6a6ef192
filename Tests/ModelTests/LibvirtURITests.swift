import Model
import Testing

@Suite("libvirt URIs of machines")
struct LibvirtURITests {
    private func destination(_ text: String) throws -> SSHDestination {
        guard case .ssh(let destination) = try PMAddress(text).route else {
            throw Failure(.internalFault, "\(text) is not reached over ssh")
        }
        return destination
    }

    @Test(
        "Each of libvirt's transports over ssh is measured over ssh, with its key",
        arguments: ["ssh", "libssh", "libssh2"]
    )
    func transports(transport: String) throws {
        let destination = try destination("qemu+\(transport)://root@h:2222/system?keyfile=/k%C3%A9y&no_tty=1")
        #expect(destination.user == "root" && destination.host == "h" && destination.port == 2222)
        #expect(destination.options.keyFile == "/kéy")
    }

    @Test("What a URI says of ssh holds for measures; what is libvirt's alone is taken as it is")
    func options() throws {
        let ssh = try destination(
            "qemu+ssh://h/system?command=/opt/bin/ssh&KEYFILE=~/k;socket=/run/x&netcat=/usr/bin/nc&proxy=netcat"
                + "&mode=direct&no_verify=0&no_tty=1&name=qemu:///system"
        )
        #expect(ssh.options.command == "/opt/bin/ssh")
        #expect(ssh.options.keyFile == "~/k")
        #expect(ssh.options.knownHostsFile == nil && !ssh.options.acceptsNewHosts)
        let libssh = try destination(
            "qemu+libssh2://h/system?known_hosts=/etc/hvc/known_hosts&known_hosts_verify=auto&sshauth=agent,privkey"
        )
        #expect(libssh.options.knownHostsFile == "/etc/hvc/known_hosts")
        #expect(libssh.options.acceptsNewHosts)
        #expect(try destination("qemu+ssh://h/system").options == SSHOptions())
        #expect(try destination("qemu+libssh://h/?name=qemu:///system").options == SSHOptions())
    }

    @Test(
        "A user in percent form is the user by that name",
        arguments: [
            ("alice%40corp.example.org", "alice@corp.example.org"), ("CORP%5calice", #"CORP\alice"#),
            ("node7$", "node7$"), ("node7%24", "node7$"), ("r%6Fot", "root"),
        ]
    )
    func users(encoded: String, user: String) throws {
        #expect(try destination("qemu+ssh://\(encoded)@h/system").user == user)
    }

    @Test(
        "URIs that libvirt reaches by other ways are left to it",
        arguments: [
            ("qemu:///system?socket=/run/x", PMAddress.Route.local), ("qemu:///session", .local),
            ("qemu:///embed?root=/var/lib/embed", .local), ("qemu://h/system", .libvirtOnly),
            ("qemu+tls://h:16514/system?pkipath=/etc/pki/h&no_verify=1", .libvirtOnly),
            ("qemu+tcp://user@h/system", .libvirtOnly), ("qemu+ext:///system?command=/opt/reach", .libvirtOnly),
            ("test:///tmp/host.xml", .libvirtOnly), ("test+ssh://root@h/default?keyfile=/k", .libvirtOnly),
        ]
    )
    func others(text: String, route: PMAddress.Route) throws {
        #expect(try PMAddress(text).route == route)
        #expect(try PMAddress(text).libvirtURI == text)
    }

    @Test(
        "What libvirt would ignore or refuse each time is refused, with what to write instead",
        arguments: [
            // Not libvirt's.
            ("ssh://root@h:22", "write the address alone, root@h:22"),
            ("http://h/system", "write [user@]host[:port]"),
            ("xen+ssh://h/system", "qemu and test"),
            ("qemu+shh://h/system", "did you mean ssh?"),
            ("qemu+ssh+tls://h/system", "qemu and test"),
            // The host and the path.
            ("qemu+ssh:///system", "names no host"),
            ("qemu+tls:///system", "names no host"),
            ("qemu+unix://h/system", "names a host, which a unix socket has not"),
            ("qemu+ssh://root@h", "write /system behind the host"),
            ("qemu+ssh://root@h/", "write /system behind the host"),
            ("qemu+ssh://root@h?keyfile=/k", "write /system behind the host"),
            ("qemu+ssh://root@h/sytem", "write /system behind the host"),
            ("qemu+ssh://h:99999/system", "ports are 1 to 65535"),
            ("qemu+tcp://h:x/system", "ports are 1 to 65535"),
            ("qemu+ssh://h%2F/system", "no host"),
            // The user.
            ("qemu+ssh://alice@corp.example.org@h/system", "write it as %40"),
            (#"qemu+ssh://CORP\alice@h/system"#, "as %5C for a backslash"),
            ("qemu+ssh://root:pw@h/system", "a password has no place here"),
            ("qemu+ssh://a%4@h/system", "two hexadecimal digits"),
            ("qemu+ssh://ro%20ot@h/system", "no user name"),
            ("qemu+ssh://%2DoProxyCommand@h/system", "no user name"),
            ("qemu+ssh://ro%00ot@h/system", "no user name"),
            // Parameters.
            ("qemu+ssh://h/system?keyfiel=/k", "did you mean keyfile?"),
            ("qemu+ssh://h/system?keyfile=/k&keyfile=/l", "twice"),
            ("qemu+ssh://h/system?keyfile=", "no value"),
            ("qemu+ssh://h/system?keyfile", "no value"),
            ("qemu+ssh://h/system?keyfile=/k%0A", "no value"),
            ("qemu+ssh://h/system?keyfile=/k%zz", "no value"),
            ("qemu+ssh://h/system?keyfile=id_ed25519", "a full path"),
            ("qemu+ssh://h/system?keyfile=-oProxyCommand=x", "a full path"),
            ("qemu+ssh://h/system?keyfile=/k%25h", "% and $"),
            ("qemu+ssh://h/system?command=-x", "the full path"),
            ("qemu+ssh://h/system?command=bin/ssh", "the full path"),
            ("qemu+libssh2://h/system?command=/ssh", "ignores it with libssh2"),
            ("qemu+ssh://h/system?known_hosts=/k", "set UserKnownHostsFile in ssh_config"),
            ("qemu+ssh://h/system?sshauth=agent", "ignores it with ssh"),
            ("qemu+libssh://h/system?sshauth=password", "nothing is ever asked"),
            ("qemu+ssh://h/system?no_verify=1", "host keys are always checked"),
            ("qemu+ssh://h/system?no_verify=yes", "write one of 0, 1"),
            ("qemu+libssh://h/system?known_hosts_verify=ignore", "host keys are always checked"),
            ("qemu+ssh://h/system?proxy=socat", "write one of auto, netcat, native"),
            ("qemu+ssh://h/system?mode=x", "write one of auto, legacy, direct"),
            ("qemu+tcp://h/system?keyfile=/k", "ignores it with tcp"),
            ("qemu:///system?keyfile=/k", "ignores it with unix"),
            ("qemu+ssh://h/system#x", "a character that no URI has"),
        ]
    )
    func refused(text: String, words: String) {
        let failure = #expect(throws: Failure.self) { try PMAddress(text) }
        #expect(failure?.code == .invalidRequest)
        #expect(failure?.message.contains(words) == true, "\(String(describing: failure))")
    }
}
