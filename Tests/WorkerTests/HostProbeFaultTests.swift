import Foundation
import Model
import TestKit
import Testing

@testable import Worker

@Suite("Machines that do not answer over ssh", .serialized)
struct HostProbeFaultTests {
    @Test("A machine that hangs is unknown at the deadline; ssh and the shared connection are ended")
    func hang() async throws {
        let shell = "bash -c \"$SSH_ORIGINAL_COMMAND\" | head -n 12; exec sleep 600"
        try await withProbe(SSHServer.Options(shell: shell), deadline: .seconds(2)) { server, probe in
            let clock = ContinuousClock()
            let took = await clock.measure {
                let failure = await #expect(throws: Failure.self) { try await probe.measure() }
                #expect(failure?.code == .machineUnreachable)
                #expect(
                    failure?.message.contains("did not answer within 2.0 seconds") == true,
                    "\(String(describing: failure))"
                )
                #expect(failure?.message.contains("ssh -v") == true)
            }
            #expect(took >= .seconds(2) && took < .seconds(6), "\(took)")
            try await expectNothingLeft(server)
        }
    }

    @Test("A cancelled measure ends at once and leaves nothing")
    func cancelled() async throws {
        let shell = "touch \"$0.started\"; exec sleep 600"
        try await withProbe(SSHServer.Options(shell: shell), deadline: .seconds(60)) { server, probe in
            let task = Task { try await probe.measure() }
            try await eventually("the command's start") {
                FileManager.default.fileExists(atPath: server.directory.file("shell.started"))
            }
            let took = await ContinuousClock().measure {
                task.cancel()
                let failure = await #expect(throws: Failure.self) { try await task.value }
                #expect(failure?.code == .leaseLost)
            }
            #expect(took < .seconds(5), "\(took)")
            try await expectNothingLeft(server)
        }
    }

    @Test("A ProxyCommand that hangs ends with its ssh")
    func proxy() async throws {
        let server = try await SSHServer.started()
        let file = server.directory.file("proxy.pid")
        let config = try server.clientConfig(lines: ["ProxyCommand sh -c 'echo $$ >\(file); exec sleep 600'"])
        let probe = try probe(of: server, config: config, deadline: .seconds(2))
        await expectFailure(probe, "did not answer within 2.0 seconds")
        let pid = try String(contentsOfFile: file, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
        try await eventually("the end of the ProxyCommand") {
            let status = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
            return status?.contains("State:\tZ") ?? true
        }
        try await server.stop()
    }

    @Test("A machine that goes down midway is unknown at once, and is measured again when it is back")
    func killedMidway() async throws {
        let shell = """
            if [ -e "$0.again" ]; then exec bash -c "$SSH_ORIGINAL_COMMAND"; fi
            bash -c "$SSH_ORIGINAL_COMMAND" | head -n 12; touch "$0.started"; exec sleep 600
            """
        try await withProbe(SSHServer.Options(shell: shell), deadline: .seconds(60)) { server, probe in
            let task = Task { try await probe.measure() }
            try await eventually("the command's start") {
                FileManager.default.fileExists(atPath: server.directory.file("shell.started"))
            }
            server.killSessions()
            let failure = await #expect(throws: Failure.self) { try await task.value }
            #expect(failure?.code == .machineUnreachable)
            #expect(failure?.message.contains("closed the connection") == true, "\(String(describing: failure))")
            try Data().write(to: URL(filePath: server.directory.file("shell.again")))
            try expectThisMachine(try await probe.measure())
        }
    }

    @Test(
        "A command that does not answer as ours does is an error, with what it said",
        arguments: [
            ("echo 'This account is currently not available.'; exit 1", "This account is currently not available."),
            ("exit 0", "it printed nothing"),
            ("bash -c \"$SSH_ORIGINAL_COMMAND\" | head -n -1", "is not whole"),
            ("export PATH=/nowhere; /bin/sh -c \"$SSH_ORIGINAL_COMMAND\"", "free: not found"),
            ("yes noise | head -c 100000; bash -c \"$SSH_ORIGINAL_COMMAND\"", "more than 65536 bytes"),
            ("yes noise | head -c 100000 >&2; bash -c \"$SSH_ORIGINAL_COMMAND\"", "more than 65536 bytes"),
        ]
    )
    func wrongAnswers(shell: String, words: String) async throws {
        try await withProbe(SSHServer.Options(shell: shell)) { _, probe in
            let failure = await #expect(throws: Failure.self) { try await probe.measure() }
            #expect(failure?.code == .machineUnreachable)
            #expect(failure?.description.contains(words) == true, "\(String(describing: failure))")
        }
    }

    @Test("A wrong or unknown host key is refused, also where ssh_config says not to look")
    func hostKeys() async throws {
        let server = try await SSHServer.started()
        let cases: [(SSHServer.KnownKey, [String], String)] = [
            (.wrong, [], "ssh-keygen -R '[127.0.0.1]:\(server.port)'"),
            (.wrong, ["StrictHostKeyChecking no"], "ssh-keygen -R"),
            (.wrong, ["StrictHostKeyChecking accept-new"], "ssh-keygen -R"),
            (.none, [], "is not known"),
            (.none, ["StrictHostKeyChecking off"], "is not known"),
        ]
        for (key, lines, words) in cases {
            let probe = try probe(of: server, config: server.clientConfig(knownKey: key, lines: lines))
            await expectFailure(probe, words)
        }
        #expect(!server.log.contains("Accepted"))
        let lines = ["StrictHostKeyChecking accept-new"]
        let new = try probe(of: server, config: server.clientConfig(knownKey: .none, lines: lines))
        try expectThisMachine(try await new.measure())
        await new.close()
        try await server.stop()
    }

    @Test("A key that is not let in")
    func denied() async throws {
        try await withProbe(SSHServer.Options(takesKey: false)) { _, probe in
            await expectFailure(probe, "takes none of our keys")
        }
    }

    @Test("Nothing listens, no such host, no ssh, and sockets in a folder that others may enter")
    func unreachable() async throws {
        let server = try await SSHServer.started()
        let config = try server.clientConfig()
        try await server.stop()
        await expectFailure(try probe(of: server, config: config), "nothing listens")
        let directory = server.directory.file("s")
        var configuration = SSHConfiguration(configFile: config, controlDirectory: directory)
        let nowhere = try SSHDestination("nowhere.invalid")
        await expectFailure(SSHHostProbe(destination: nowhere, configuration: configuration), "cannot find the host")
        configuration.executable = "no-such-ssh"
        await expectFailure(
            SSHHostProbe(destination: nowhere, configuration: configuration),
            "install it",
            code: .internalFault
        )
        try #require(chmod(directory, 0o755) == 0)
        await expectFailure(
            SSHHostProbe(destination: nowhere, configuration: configuration),
            "chmod 700",
            code: .internalFault
        )
        configuration.controlDirectory = "/" + String(repeating: "d", count: 72)
        await expectFailure(
            SSHHostProbe(destination: nowhere, configuration: configuration),
            "at most 72 bytes",
            code: .internalFault
        )
    }

    @Test("A server that takes the connection and says nothing")
    func silent() async throws {
        let listener = try ChildProcess("nc", ["-l", "-k", "-v", "127.0.0.1", "0"])
        let line = try await listener.waitForLine(containing: "Listening")
        let port = try #require(line.split(separator: " ").last.flatMap { Int($0) })
        let directory = try TemporaryDirectory(prefix: "ssh")
        defer { directory.remove() }
        let configuration = SSHConfiguration(
            configFile: "/dev/null",
            controlDirectory: directory.file("s"),
            connectTimeout: .seconds(1),
            deadline: .seconds(20)
        )
        let destination = try SSHDestination("root@127.0.0.1:\(port)")
        await expectFailure(SSHHostProbe(destination: destination, configuration: configuration), "in time")
        try await listener.kill()
    }

    @Test("A shared connection whose master is gone or frozen is made anew")
    func masters() async throws {
        try await withProbe(deadline: .seconds(3)) { server, probe in
            for signal in [SIGKILL, SIGSTOP] {
                _ = try await probe.measure()
                let masters = try processes(naming: server.directory.file("s"))
                try #require(!masters.isEmpty)
                for pid in masters { kill(pid, signal) }
                // The first may fail, and the next may not.
                _ = try? await probe.measure()
                try expectThisMachine(try await probe.measure())
                for pid in masters { kill(pid, SIGKILL) }
            }
        }
    }
}
