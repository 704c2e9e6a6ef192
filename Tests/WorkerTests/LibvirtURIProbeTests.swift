import Foundation
import Libvirt
import Model
import TestKit
import Testing

@testable import Worker

@Suite("Measures take the way of the libvirt URI")
struct LibvirtURIProbeTests {
    /// A probe of the machine at a URI, by an ssh_config without a key and without known hosts.
    private func probe(_ server: SSHServer, _ scheme: String, _ query: String, config: String = "") throws
        -> SSHHostProbe
    {
        let lines = ["IdentityFile /nonexistent/key", "IdentityAgent none", "GlobalKnownHostsFile /dev/null", config]
        let path = server.directory.file("config-\(UUID().uuidString.prefix(8))")
        try lines.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
        let address = try PMAddress("\(scheme)://\(server.address)/system?\(query)")
        guard case .ssh(let destination) = address.route else {
            throw TestKitError("\(address) is not reached over ssh")
        }
        return SSHHostProbe(
            destination: destination,
            configuration: SSHConfiguration(
                configFile: path,
                controlDirectory: server.directory.file("s"),
                deadline: .seconds(20)
            )
        )
    }

    private func measures(_ probe: SSHHostProbe) async throws {
        try expectThisMachine(try await probe.measure())
        await probe.close()
    }

    @Test("keyfile= opens the way that no other key opens; another one does not", .timeLimit(.minutes(1)))
    func keyFile() async throws {
        let server = try await SSHServer.started()
        let known = "UserKnownHostsFile \(try server.clientConfig()).known_hosts"
        try await measures(try probe(server, "qemu+ssh", "keyfile=\(server.directory.file("client"))", config: known))
        for query in ["no_tty=1", "keyfile=\(server.directory.file("host"))"] {
            await expectFailure(try probe(server, "qemu+ssh", query, config: known), "takes none of our keys")
        }
        try await server.stop()
    }

    @Test("known_hosts= and known_hosts_verify= of libssh hold for measures", .timeLimit(.minutes(1)))
    func knownHosts() async throws {
        let server = try await SSHServer.started()
        let key = "keyfile=\(server.directory.file("client"))"
        let known = "UserKnownHostsFile /dev/null"
        let right = "\(try server.clientConfig()).known_hosts"
        let wrong = "\(try server.clientConfig(knownKey: .wrong)).known_hosts"
        try await measures(try probe(server, "qemu+libssh", "\(key)&known_hosts=\(right)", config: known))
        await expectFailure(try probe(server, "qemu+libssh", key, config: known), "is not known")
        await expectFailure(
            try probe(server, "qemu+libssh2", "\(key)&known_hosts=\(wrong)", config: known),
            "ssh-keygen -R"
        )
        let new = "\(key)&known_hosts=\(server.directory.file("new"))"
        await expectFailure(try probe(server, "qemu+libssh2", new, config: known), "is not known")
        try await measures(try probe(server, "qemu+libssh2", new + "&known_hosts_verify=auto", config: known))
        try await measures(try probe(server, "qemu+libssh2", new, config: known))
        try await server.stop()
    }

    @Test("command= is called in place of ssh, for each of its calls", .timeLimit(.minutes(1)))
    func command() async throws {
        let server = try await SSHServer.started()
        let calls = server.directory.file("calls")
        let script = try program("echo called >>'\(calls)'; exec ssh \"$@\"", in: server.directory)
        let known = "UserKnownHostsFile \(try server.clientConfig()).known_hosts"
        let query = "command=\(script)&keyfile=\(server.directory.file("client"))"
        try await measures(try probe(server, "qemu+ssh", query, config: known))
        // The options, the measure, and the end of the shared connection.
        #expect(try String(contentsOfFile: calls, encoding: .utf8).split(separator: "\n").count == 3)
        await expectFailure(
            try probe(server, "qemu+ssh", "command=/nonexistent/ssh", config: known),
            "'/nonexistent/ssh' cannot be run on this worker",
            code: .internalFault
        )
        try await server.stop()
    }

    @Test(
        "libvirt calls ssh with the same user, port and key",
        .timeLimit(.minutes(1)),
        arguments: [
            ("root@10.0.0.5:2222", ["-p", "2222", "-l", "root"]),
            ("alice@corp.example.org@10.0.0.5", ["-l", "alice@corp.example.org"]),
            (#"CORP\alice@10.0.0.5"#, ["-l", #"CORP\alice"#]),
            ("CORP+alice@10.0.0.5", ["-l", "CORP+alice"]),
            ("node7$@10.0.0.5", ["-l", "node7$"]),
        ]
    )
    func sameArguments(text: String, expected: [String]) async throws {
        let directory = try TemporaryDirectory(prefix: "uri")
        let record = directory.file("arguments")
        let script = try program("printf '%s\\n' \"$@\" >'\(record)'; exit 255", in: directory)
        let uri = try PMAddress(text).libvirtURI + "&command=\(script)&keyfile=/k"
        await #expect(throws: LibvirtError.self) {
            try await Connection.open(uri, threads: BlockingThreads(name: "test", limit: 1), deadline: .seconds(20))
        }
        let called = try String(contentsOfFile: record, encoding: .utf8).split(separator: "\n").map(String.init)
        guard case .ssh(let destination) = try PMAddress(uri).route else {
            throw TestKitError("\(uri) is not reached over ssh")
        }
        let own = SSHCommand(destination: destination, configuration: SSHConfiguration(controlDirectory: "/d"))
            .run("x", isStrict: false)
        let pairs = [expected, ["-i", "/k"]].flatMap { words in
            stride(from: 0, to: words.count, by: 2).map { Array(words[$0..<($0 + 2)]) }
        }
        for pair in pairs {
            #expect(called.indices.dropLast().contains { Array(called[$0...($0 + 1)]) == pair }, "\(pair): \(called)")
            #expect(own.indices.dropLast().contains { Array(own[$0...($0 + 1)]) == pair }, "\(pair): \(own)")
        }
        #expect(called.contains("10.0.0.5") && own.suffix(3) == ["--", "10.0.0.5", "x"])
    }

    private func program(_ body: String, in directory: TemporaryDirectory) throws -> String {
        let path = directory.file("program")
        try "#!/bin/sh\n\(body)\n".write(toFile: path, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: path)
        return path
    }
}
