import Foundation
import RedisClient
import TestKit
import Testing

@Suite("The rights in Redis that docs/configuration.md gives to both programs")
struct RedisRightsTests {
    /// The ACL users of the document's block, with their passwords as the block has them.
    private func documented() throws -> [String: String] {
        let text = try String(contentsOf: GuestImage.root.appending(path: "docs/configuration.md"), encoding: .utf8)
        let lines = text.split(separator: "\n").filter { $0.hasPrefix("user hvc-") }
        return lines.reduce(into: [:]) { users, line in
            let words = line.split(separator: " ", maxSplits: 2).map(String.init)
            users[words[1]] = words[2]
        }
    }

    @Test("They suffice for a VM's life, a reload and an audit, and for nothing else", .timeLimit(.minutes(2)))
    func suffice() async throws {
        let users = try documented()
        try #require(users.keys.sorted() == ["hvc-gateway", "hvc-worker"])
        let server = try await RedisServer.started(RedisServer.Options(users: users.map { "\($0.key) \($0.value)" }))
        let site = try TemporaryDirectory()
        let image = try HaltImage.write(to: site.file("halt.img"))
        let files = [
            ("PM", "simulated:///1\n"), ("IMAGE", image),
            ("FLAVOR", "\"types\": [{\"cpu\": 1, \"ram\": 128, \"disk\": 1}]"),
        ]
        var settings = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("HVC_") }
        settings["HVC_PORT"] = "0"
        for (name, text) in files {
            try text.write(toFile: site.file(name), atomically: true, encoding: .utf8)
            settings["HVC_\(name)_FILE"] = site.file(name)
        }
        let gateway = try program("hvc-gateway", user: "hvc-gateway", of: server, with: settings)
        let line = try await gateway.waitForLine(containing: "listening address=", within: .seconds(30))
        let http = HTTPCalls(base: "http://127.0.0.1:" + (line.split(separator: ":").last.map(String.init) ?? ""))
        let worker = try program("hvc-worker", user: "hvc-worker", of: server, with: settings)
        try await worker.waitForLine(containing: "at work", within: .seconds(30))

        #expect(try await http.call("/vm/create?name=a&instance_type=1&image_id=100").body == "{\"vmid\":1}")
        #expect(try await http.call("/vm/query?vmid=1").body.contains("\"pmid\":1"))
        for call in ["/readyz", "/pm/list", "/pm/query?pmid=1", "/image/list", "/vm/types", "/v1/vms/1"] {
            #expect(try await http.call(call).status == 200, "\(call)")
        }
        try await eventually("what the worker counted", deadline: .seconds(20), every: .milliseconds(200)) {
            try await http.call("/metrics").body.contains(
                #"kind="create",step="disk",outcome="done"} 1"#
            )
        }
        try "simulated:///1\nsimulated:///2\n".write(toFile: site.file("PM"), atomically: true, encoding: .utf8)
        worker.signal(SIGHUP)
        try await worker.waitForLine(containing: "PM 2 is up", within: .seconds(30))
        #expect(try await http.call("/vm/destroy?vmid=1").body == "{\"status\":1}")
        let audit = try program("hvc-worker", ["audit"], user: "hvc-worker", of: server, with: settings)
        #expect(try await audit.waitForExit(within: .seconds(60)) == .status(0), "\(audit.text)")
        #expect(!gateway.text.contains("NOPERM") && !worker.text.contains("NOPERM"), "\(gateway.text)\n\(worker.text)")

        for user in users.keys { try await expectRefusals(user, server) }
        for child in [gateway, worker] { try await child.kill() }
        try await server.stop()
    }

    private func program(
        _ name: String,
        _ arguments: [String] = [],
        user: String,
        of server: RedisServer,
        with settings: [String: String]
    ) throws -> ChildProcess {
        var settings = settings
        settings["HVC_REDIS_URL"] = "redis://\(user)@127.0.0.1:\(server.port)"
        settings["HVC_REDIS_PASSWORD"] = "secret"
        return try ChildProcess(try BuiltProgram.path(name), arguments, environment: settings)
    }

    private func expectRefusals(_ user: String, _ server: RedisServer) async throws {
        let commands = [
            ["FLUSHALL"], ["FLUSHDB"], ["CONFIG", "GET", "*"], ["KEYS", "*"], ["ACL", "LIST"], ["SHUTDOWN"],
            ["DEBUG", "SLEEP", "0"], ["MONITOR"], ["CLIENT", "LIST"], ["SCRIPT", "FLUSH"], ["SORT", "hvc:vms"],
            ["GET", "other:key"], ["SET", "other:key", "1"],
            ["EVAL", "return redis.call('GET', 'other:key')", "0"],
        ]
        for command in commands {
            let login = ["-p", "\(server.port)", "--user", user, "--pass", "secret", "--no-auth-warning"]
            let child = try ChildProcess("redis-cli", login + command)
            try await child.waitForExit()
            #expect(child.text.contains("NOPERM"), "\(user): \(command): \(child.text)")
        }
    }
}
