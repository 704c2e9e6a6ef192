import Model
import Testing

@testable import Worker

@Suite("What ssh says")
struct SSHFaultTests {
    @Test(
        "Each fault is recognised from the text that OpenSSH prints",
        arguments: [
            ("ssh: Could not resolve hostname nowhere.invalid: Name or service not known", SSHFault.unresolvable),
            ("ssh: connect to host 127.0.0.1 port 1: Connection refused", .refused),
            ("ssh: connect to host 192.0.2.1 port 22: Connection timed out", .timedOut),
            ("Connection timed out during banner exchange\nConnection to 10.0.0.1 port 22 timed out", .timedOut),
            ("Timeout, server 10.0.0.1 not responding.", .timedOut),
            ("ssh: connect to host 10.9.9.9 port 22: No route to host", .unroutable),
            ("ssh: connect to host 10.9.9.9 port 22: Network is unreachable", .unroutable),
            (
                "@@@\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\nHost key verification failed.",
                .hostKeyChanged
            ),
            (
                "No ED25519 host key is known for h and you have requested strict checking.\nHost key verification failed.",
                .hostKeyUnknown
            ),
            ("Host key verification failed.", .hostKeyUnknown),
            ("root@h: Permission denied (publickey,password).", .denied),
            ("Received disconnect from 10.0.0.1 port 22:2: Too many authentication failures", .denied),
            (
                "kex_exchange_identification: Connection closed by remote host\nConnection closed by 10.0.0.1 port 22",
                .closed
            ),
            ("kex_exchange_identification: read: Connection reset by peer", .closed),
            ("client_loop: send disconnect: Broken pipe", .closed),
            ("mux_client_request_session: read from master failed: Connection reset by peer", .closed),
            (
                "Unable to negotiate with 10.0.0.1 port 22: no matching host key type found. Their offer: ssh-rsa",
                .incompatible
            ),
            ("/etc/ssh/ssh_config: line 3: Bad configuration option: foo", .misconfigured),
            ("Bad owner or permissions on /root/.ssh/config", .misconfigured),
            (
                "ssh: connect to host jump port 22: Connection refused\nConnection closed by UNKNOWN port 65535",
                .refused
            ),
            ("  \n", .closed),
            ("something new", .other),
        ]
    )
    func faults(text: String, fault: SSHFault) {
        #expect(SSHFault(standardError: text) == fault)
    }

    @Test("Every message names the machine and the next step", arguments: SSHFault.allCases)
    func messages(fault: SSHFault) throws {
        let command = SSHCommand(
            destination: try SSHDestination("root@pm1:2222"),
            configuration: SSHConfiguration(configFile: "/c", controlDirectory: "/d")
        )
        let message = fault.message(for: command)
        #expect(message.contains("'root@pm1'"), "\(message)")
        #expect(message.contains("`ssh -v -F /c -p 2222 root@pm1`") || fault == .unresolvable, "\(message)")
        #expect(message.contains("ssh-keygen -R '[pm1]:2222'") == (fault == .hostKeyChanged), "\(message)")
    }

    @Test("An address is never an option, and reaches ssh in arguments of its own")
    func arguments() throws {
        let command = SSHCommand(
            destination: try SSHDestination("root@pm1:2222"),
            configuration: SSHConfiguration(controlDirectory: "/d")
        )
        let arguments = command.run("x", isStrict: false)
        #expect(arguments.suffix(7) == ["-l", "root", "-p", "2222", "--", "pm1", "x"])
        #expect(arguments.contains("BatchMode=yes"))
        #expect(!arguments.contains { $0.hasPrefix("StrictHostKeyChecking") || $0 == "-F" })
        #expect(command.run("x", isStrict: true).contains("StrictHostKeyChecking=yes"))
        let plain = SSHCommand(
            destination: try SSHDestination("pm1"),
            configuration: SSHConfiguration(controlDirectory: "/d")
        )
        #expect(plain.printOptions.suffix(3) == ["-G", "--", "pm1"])
        #expect(throws: Failure.self) { try SSHDestination("-oProxyCommand=x") }
    }

    @Test("A socket's path is short, and another one for each destination and configuration")
    func controlPaths() throws {
        let directory = "/" + String(repeating: "d", count: SSHCommand.longestDirectory - 1)
        let texts = ["a", "b", "root@a", "a:22", "a:23", "root@a:22", "[::1]:22"]
        var paths: Set<String> = []
        for text in texts {
            for file in [nil, "/c"] {
                let configuration = SSHConfiguration(configFile: file, controlDirectory: directory)
                let command = SSHCommand(destination: try SSHDestination(text), configuration: configuration)
                // ssh adds a dot and 16 characters while it makes the socket; 107 bytes are the limit.
                #expect(command.controlPath.utf8.count + 17 <= 107)
                paths.insert(command.controlPath)
            }
        }
        #expect(paths.count == texts.count * 2)
    }
}
