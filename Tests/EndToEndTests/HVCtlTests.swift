import Foundation
import RedisClient
import TestKit
import Testing

@Suite("hvctl against gateway and workers on a simulated fleet")
struct HVCtlTests {
    private func with(
        _ fleet: String = "simulated:3",
        environment: [String: String] = [:],
        token: String? = nil,
        _ body: (Installation, HVCtl) async throws -> Void
    ) async throws {
        let folder = try TemporaryDirectory()
        try await Installation.with(
            machines: [],
            images: [try HaltImage.write(to: folder.file("halt.img"))],
            types: #""types": [{"cpu": 1, "ram": 512, "disk": 1}, {"cpu": 8, "ram": 100000000, "disk": 40}]"#,
            workers: 1,
            environment: ["HVC_FLEET": fleet].merging(environment) { _, new in new }
        ) { site, _ in
            for pm in 1...3 { try await site.waitUntilUp(pm) }
            try await body(site, HVCtl(site.http.base, folder: folder, token: token))
        }
    }

    /// Texts with numbers that differ from run to run replaced.
    private func plain(_ text: String) -> String {
        text.replacing(#/[0-9]+\.[0-9]+ s/#, with: "T s").replacing(#/ {2,}/#, with: "  ")
    }

    @Test(
        "A create says its steps on one stream and its result on the other; a destroy ends it",
        .timeLimit(.minutes(2))
    )
    func create() async throws {
        try await with { _, hvctl in
            let made = try await hvctl("create", "web-1", "--type", "1", "--image", "halt", "-l", "env=prod")
            #expect(made.status == 0, "\(made)")
            #expect(
                plain(made.output).wholeMatch(of: #/web-1  vm 1  PM [1-3]  running  ready in T s\n/#) != nil,
                "\(made)"
            )
            let lines = plain(made.errors).split(separator: "\n").map(String.init)
            #expect(lines.first?.hasPrefix("  queued  T s  job 1") == true, "\(made)")
            #expect(lines.contains { $0.contains("placed  T s  PM ") && $0.contains("policy ") }, "\(made)")
            #expect(
                lines.contains { $0.hasPrefix("  disk  T s") } && lines.contains { $0.hasPrefix("  start  T s") },
                "\(made)"
            )

            let scripted = try await hvctl("-o", "json", "create", "web-2", "-t", "1", "-i", "100", "--wait", "running")
            let vm = try #require(try scripted.json() as? [String: Any])
            #expect(vm["state"] as? String == "running" && vm["wait"] == nil && scripted.errors.isEmpty, "\(scripted)")

            #expect(try await hvctl("list", "-o", "name").output == "web-1\nweb-2\n")
            #expect(try await hvctl("list", "-l", "env=prod", "-c", "name", "--no-header").output == "web-1\n")
            #expect(try await hvctl("set", "web-1", "-l", "tier=a", "--remove-label", "env").status == 0)
            #expect(try await hvctl("get", "web-1", "-o", "csv", "-c", "labels").output == "labels\ntier=a\n")
            let explained = try await hvctl("explain", "web-1")
            #expect(
                explained.output.hasPrefix("job 1 create vm 1: done on PM ") && explained.output.contains("chosen"),
                "\(explained)"
            )

            let gone = try await hvctl("destroy", "web-1", "web-2")
            #expect(gone.status == 0 && gone.output == "web-1  vm 1  destroyed\nweb-2  vm 2  destroyed\n", "\(gone)")
            let unknown = try await hvctl("get", "web-1")
            #expect(unknown.status == 3 && unknown.errors.contains("next: hvctl list"), "\(unknown)")
        }
    }

    @Test("A create without room ends with 6, says what was examined and what is next", .timeLimit(.minutes(2)))
    func refused() async throws {
        try await with { _, hvctl in
            let refused = try await hvctl("create", "big", "--type", "2", "--image", "100")
            #expect(refused.status == 6 && refused.output.isEmpty, "\(refused)")
            #expect(refused.errors.contains("error: ") && refused.errors.contains("no_capacity, job 1"), "\(refused)")
            #expect(refused.errors.contains("3 machines examined: 3: lacks"), "\(refused)")
            #expect(
                refused.errors.contains("nearest: PM ") && refused.errors.contains("next: hvctl explain 1"),
                "\(refused)"
            )
            let programs = try await hvctl("create", "big", "--type", "2", "--image", "100", "-o", "json")
            let error = try #require(
                try JSONSerialization.jsonObject(with: Data(programs.errors.utf8)) as? [String: [String: Any]]
            )
            #expect(error["error"]?["code"] as? String == "no_capacity" && error["error"]?["exit"] as? Int == 6)
            #expect(programs.output.isEmpty)

            let dry = try await hvctl("dry-run", "create", "-t", "1")
            #expect(
                dry.status == 0 && dry.output.hasPrefix("it would go to PM ") && dry.output.contains("chosen"),
                "\(dry)"
            )
            #expect(try await hvctl("create", "x", "-t", "2", "-i", "100", "--dry-run").status == 6)
            #expect(try await hvctl("capacity", "-o", "csv", "-c", "type,fits").output.hasPrefix("type,fits\n1,"))
            #expect(try await hvctl("refusals").output.hasPrefix("2 refused since "))
        }
    }

    @Test(
        "A wait that is over ends with 124 and says how to go on; one that was interrupted with 130",
        .timeLimit(.minutes(2))
    )
    func waits() async throws {
        try await with { _, hvctl in
            #expect(try await hvctl("queue", "pause", "--reason", "a test").status == 0)
            let over = try await hvctl("create", "slow", "-t", "1", "-i", "100", "--timeout", "1s")
            #expect(over.status == 124 && over.errors.contains("still queued after 1s"), "\(over)")
            #expect(over.errors.contains("next: hvctl job wait 1") && !over.errors.contains("error"), "\(over)")

            let waiting = try hvctl.start(["job", "wait", "1"])
            try await waiting.waitForLine(containing: "queued")
            waiting.signal(SIGINT)
            let exit = try await waiting.waitForExit()
            #expect(exit == .status(130), "\(waiting.text)")
            #expect(waiting.text.contains("stopped waiting; job 1 goes on"), "\(waiting.text)")
            #expect(waiting.text.contains("hvctl job cancel 1"), "\(waiting.text)")

            let accepted = try await hvctl("create", "later", "-t", "1", "-i", "100", "--no-wait")
            #expect(accepted.status == 0 && accepted.output == "job 2  create  queued\n", "\(accepted)")
            #expect(try await hvctl("job", "cancel", "2").output == "job 2  create  vm 2  failed\n")
            #expect(try await hvctl("queue", "resume").status == 0)
            #expect(try await hvctl("job", "wait", "1").output == "job 1  create  vm 1  done\n")
            let failed = try await hvctl("job", "wait", "2")
            #expect(failed.status == 1 && failed.errors.contains("cancelled, job 2"), "\(failed)")
        }
    }

    @Test("A gateway that is killed during a wait ends it with 7 and the next command", .timeLimit(.minutes(2)))
    func killedGateway() async throws {
        try await with { site, hvctl in
            #expect(try await hvctl("queue", "pause", "--reason", "a test").status == 0)
            let waiting = try hvctl.start(["create", "slow", "-t", "1", "-i", "100"])
            try await waiting.waitForLine(containing: "queued")
            _ = try await site.gateway.kill()
            let exit = try await waiting.waitForExit(within: .seconds(30))
            #expect(exit == .status(7), "\(waiting.text)")
            #expect(waiting.text.contains("next: hvctl job wait 1"), "\(waiting.text)")
            let doctor = try await hvctl("doctor")
            #expect(doctor.status == 7 && doctor.errors.contains("1 of 1 checks found a fault: server"), "\(doctor)")
        }
    }

    @Test(
        "A token that may not do it ends with 5 and says whom to ask; it is stored by login alone",
        .timeLimit(.minutes(2))
    )
    func notAllowed() async throws {
        let own = "own-token-of-the-gateway"
        try await with(environment: ["HVC_API_TOKEN": own], token: own) { site, admin in
            let made = try await admin("token", "create", "ci", "--role", "viewer")
            let token = made.output.replacing("\n", with: "")
            #expect(made.status == 0 && !token.isEmpty, "\(made)")
            let folder = try TemporaryDirectory()
            let nobody = HVCtl(site.http.base, folder: folder)
            let unknown = try await nobody("list")
            #expect(unknown.status == 5 && unknown.errors.contains("next: hvctl login"), "\(unknown)")

            #expect(try await nobody("server", "add", "lab", site.http.base).status == 0)
            let file = folder.file("token")
            try (token + "\n").write(toFile: file, atomically: true, encoding: .utf8)
            let login = try await nobody("login", "-s", "lab", input: file)
            #expect(login.status == 0 && login.output == "ci  role viewer in all projects\n", "\(login)")
            let settings = folder.file("hvctl/servers.json")
            let mode = try FileManager.default.attributesOfItem(atPath: settings)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            let refused = try await nobody("-s", "lab", "create", "x", "-t", "1", "-i", "100")
            #expect(refused.status == 5 && refused.errors.contains("forbidden"), "\(refused)")
            #expect(refused.errors.contains("next: hvctl token self"), "\(refused)")
            #expect(try await nobody("-s", "lab", "list").status == 0)

            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: settings)
            let shared = try await nobody("list")
            #expect(shared.status == 2 && shared.errors.contains("chmod 600"), "\(shared)")
        }
    }

    @Test("Each list is there in each format, and a batch shows its VMs", .timeLimit(.minutes(3)))
    func lists() async throws {
        try await with { _, hvctl in
            let batch = try await hvctl("create", "web", "-t", "1", "-i", "100", "--count", "3", "--atomic")
            #expect(batch.status == 0 && batch.output.split(separator: "\n").count == 4, "\(batch)")
            #expect(try await hvctl("hold", "create", "-t", "1", "-i", "100", "--expires", "1h").status == 0)
            let lists = [
                ["list"], ["job", "list"], ["batch", "list"], ["hold", "list"], ["pm", "list"], ["image", "list"],
                ["type", "list"],
                ["network", "list"], ["group", "list"], ["key", "list"], ["worker", "list"], ["project", "list"],
                ["token", "list"],
                ["webhook", "list"], ["audit", "list"], ["queue", "rule", "list"], ["quota"], ["capacity"],
                ["server", "list"],
            ]
            for list in lists {
                for format in ["table", "wide", "json", "jsonl", "yaml", "csv", "name"] {
                    let process = try hvctl.start(list + ["-o", format])
                    let exit = try await process.waitForExit(within: .seconds(30))
                    let result = HVCtl.result(of: process, exit)
                    #expect(result.status == 0 && result.errors.isEmpty, "\(list) \(format): \(result)")
                    if format == "json" { _ = try result.json() }
                }
            }
            for read in [
                ["get", "web-1"], ["job", "get", "1"], ["pm", "get", "1"], ["image", "get", "100"],
                ["type", "get", "1"],
                ["hold", "get", "4"], ["batch", "get", "1"], ["project", "get", "default"], ["token", "self"],
                ["version"], ["doctor"],
                ["queue"], ["api", "GET", "/v1/vms"], ["events", "--no-follow"],
            ] {
                let process = try hvctl.start(read + ["-o", "json"])
                let exit = try await process.waitForExit(within: .seconds(30))
                let result = HVCtl.result(of: process, exit)
                #expect(result.status == 0 && result.errors.isEmpty && !result.output.isEmpty, "\(read): \(result)")
            }
        }
    }
}
