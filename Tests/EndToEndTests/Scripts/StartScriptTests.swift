import Foundation
import RedisClient
import TestKit
import Testing

@Suite("bin/up.sh", .serialized)
struct StartScriptTests {
    @Test("What is refused changes nothing: not what runs, and not var/settings", .timeLimit(.minutes(3)))
    func refused() async throws {
        let stranger = try await Installation(machines: [], images: [], types: "")
        let strangersPort = try #require(stranger.http.base.split(separator: ":").last.map(String.init))
        try await ScriptedInstallation.with { site in
            try site.write("root@10.0.0.5 no_such_setting=1\n", to: "mine/bad")
            let before = (try site.processes(), try site.read("var/settings"))
            let cases: [(setting: String, value: String, said: String)] = [
                ("HVC_POLICY", "packed", "pack"),
                ("HVC_WORKERS", "65", "HVC_WORKERS"),
                ("HVC_CELL", "two\nlines", "HVC_CELL"),
                ("HVC_PM_FILE", "bad", "mine/bad:1"),
                ("HVC_IMAGE_FILE", "missing", "mine/missing"),
                ("HVC_FLAVOR_FILE", "bad", "mine/bad"),
                ("HVC_API_TOKEN_FILE", "missing", "HVC_API_TOKEN_FILE"),
                ("HVC_REDIS_URL", "unix:///no/such/socket", "Redis"),
                // Another installation's gateway answers there.
                ("HVC_PORT", strangersPort, "HVC_PORT"),
                // No address of this machine.
                ("HVC_HOST", "203.0.113.7", "HVC_HOST"),
            ]
            for (setting, value, said) in cases {
                let up = try await site.run("up", settings: [setting: value, "HVC_API_TOKEN": secret(for: setting)])
                #expect(up.status != 0, "\(setting)=\(value): \(up.text)")
                #expect(up.text.contains(said), "\(setting)=\(value): \(up.text)")
                #expect(!up.text.contains("Hypervisor-Coordinator runs"), "\(setting)=\(value): \(up.text)")
                #expect(try site.processes() == before.0, "\(setting)=\(value)")
                #expect(try site.read("var/settings") == before.1, "\(setting)=\(value)")
            }
            #expect(try await site.http.call("/readyz").status == 200)
            let again = try await site.run("up")
            #expect(again.status == 0, "\(again.text)")
            #expect(try site.processes() == before.0)
        }
        _ = try await stranger.gateway.kill()
        await stranger.redis.shutdown()
        try await stranger.redisServer.stop()
    }

    /// An address but loopback wants a token; a token would hide what another setting is refused for.
    private func secret(for setting: String) -> String {
        setting == "HVC_HOST" ? "0123456789abcdef0123456789abcdef" : ""
    }

    @Test("New settings that only the start itself shows to be bad are taken back", .timeLimit(.minutes(3)))
    func takenBack() async throws {
        try await ScriptedInstallation.with { site in
            let settings = try site.read("var/settings")
            // The checks pass, and a worker that starts ends at once.
            let worker = "\(site.folder)/.build/release/hvc-worker"
            let real = try FileManager.default.destinationOfSymbolicLink(atPath: worker)
            try FileManager.default.removeItem(atPath: worker)
            try site.write(
                "#!/bin/bash\n[[ $HVC_POLICY != random || $1 == --check ]] || exit 3\nexec '\(real)' \"$@\"\n",
                to: ".build/release/hvc-worker"
            )
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: worker)
            let up = try await site.run("up", settings: ["HVC_POLICY": "random"])
            #expect(up.status != 0, "\(up.text)")
            #expect(up.text.contains("going back"), "\(up.text)")
            #expect(try site.read("var/settings") == settings)
            #expect(try await site.http.call("/readyz").status == 200)
            #expect(try await site.run("status").status == 0)
        }
    }

    @Test(
        "Settings are kept as they were given, with full paths, wherever the installation lies",
        .timeLimit(.minutes(3)),
        arguments: ["it's a \"b\\c\" $d %41 [e] *", String(repeating: "deep/", count: 30) + "deeper"]
    )
    func kept(name: String) async throws {
        // What ends in `=` is a token as `openssl rand -base64` makes them.
        let token = "0123456789abcdef0123456789abcd=="
        let settings = ["HVC_API_TOKEN": token, "HVC_WORKRES": "3"]
        try await ScriptedInstallation.with(name: name, settings: settings) { site in
            let kept = try site.read("var/settings")
            #expect(kept.contains("HVC_PM_FILE=\(site.folder)/mine/pms\n"))
            #expect(kept.contains("HVC_API_TOKEN=\(token)\n"))
            #expect(!kept.contains("HVC_WORKRES"))
            let up = try await site.run("up")
            #expect(up.status == 0, "\(up.text)")
            #expect(up.text.contains("PM 2       simulated:///2: up"), "\(up.text)")
            #expect(try site.read("var/settings") == kept)
            let authorization = ["Authorization": "Bearer \(token)"]
            let created = try await site.http.call(
                "/vm/create?name=a&instance_type=1&image_id=100",
                headers: authorization
            )
            #expect(created.body == "{\"vmid\":1}")
        }
    }

    @Test("All workers whose settings changed have stopped before the first starts again", .timeLimit(.minutes(2)))
    func together() async throws {
        try await ScriptedInstallation.with { site in
            let up = try await site.run("up", settings: ["HVC_LEASE": "20", "HVC_WORKERS": "3"])
            #expect(up.status == 0, "\(up.text)")
            let lines = up.text.split(separator: "\n")
            let stopped = try #require(lines.lastIndex { $0.contains("worker-") && $0.contains(": stopped") })
            let started = try #require(lines.firstIndex { $0.contains("worker-") && $0.contains(": started") })
            #expect(stopped < started, "\(up.text)")
        }
    }

    @Test("What is killed is started again, and bin/down.sh stops it for good", .timeLimit(.minutes(2)))
    func killed() async throws {
        try await ScriptedInstallation.with { site in
            let before = try site.processes()
            #expect(before.keys.sorted() == ["gateway", "redis", "worker-1", "worker-2"])
            for pid in before.values { kill(pid, SIGKILL) }
            try await eventually("all to be started again") {
                let now = try site.processes()
                let areNew = now.count == 4 && now.allSatisfy { before[$0.key] != $0.value && kill($0.value, 0) == 0 }
                guard areNew else { return false }
                return try await site.http.call("/readyz").status == 200
            }
            let status = try await site.run("status")
            #expect(status.status == 0, "\(status.text)")
            #expect(status.text.contains("started again 1 times"), "\(status.text)")
            let last = try site.processes()
            #expect(try await site.run("down").status == 0)
            #expect(try site.processes().isEmpty)
            #expect(last.values.allSatisfy { kill($0, 0) != 0 })
        }
    }

    @Test("Another user cannot hold the lock of bin/up.sh", .timeLimit(.minutes(2)))
    func lockOfAStranger() async throws {
        try await ScriptedInstallation.with { site in
            for path in [site.folder, URL(filePath: site.folder).deletingLastPathComponent().path()] {
                try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
            }
            let lock = "\(site.folder)/var/run/lock"
            let stranger = try ChildProcess(
                "setpriv",
                ["--reuid=65534", "--regid=65534", "--clear-groups", "flock", "-n", lock, "true"]
            )
            #expect(try await stranger.waitForExit() != .status(0))
            #expect(stranger.text.contains("denied"), "\(stranger.text)")
        }
    }

    @Test("A socket's folder that is a link, another user's or open to others is not used")
    func socketFolder() async throws {
        let place = try TemporaryDirectory()
        let deep = place.file(String(repeating: "deep/", count: 20) + "var")
        let script = #"""
            set -euo pipefail
            lib=$1 var=$2 log_dir=$2/log
            for piece in say redis redis-server; do source "$lib/$piece.sh"; done
            folder() { write_redis_conf && dirname "$(redis_socket)"; }
            first=$(folder)
            [[ $(stat -c '%F %a' "$first") == 'directory 700' && $(folder) == "$first" ]]
            rmdir "$first" && ln -s "$lib" "$first"
            second=$(folder) && rm "$first"
            [[ $second != "$first" ]]
            chown 65534 "$second"
            third=$(folder) && rmdir "$second"
            [[ $third != "$second" ]]
            chmod 755 "$third"
            fourth=$(folder) && rmdir "$third"
            [[ $fourth != "$third" ]] && rmdir "$fourth"
            """#
        let lib = GuestImage.root.appending(path: "bin/lib").path()
        let child = try ChildProcess("bash", ["-xc", script, "bash", lib, deep])
        #expect(try await child.waitForExit() == .status(0), "\(child.text)")
    }
}
