import Foundation
import TestKit
import Testing

@Suite("bin/backup.sh, bin/restore.sh, bin/uninstall.sh", .serialized)
struct BackupScriptTests {
    @Test("What was backed up comes back: data, settings and files", .timeLimit(.minutes(3)))
    func comesBack() async throws {
        try await ScriptedInstallation.with { site in
            #expect(try await create("a", on: site) == "{\"vmid\":1}")
            let settings = try site.read("var/settings")
            let backup = try await site.run("backup", ["saved.tar.gz"])
            #expect(backup.status == 0, "\(backup.text)")
            let mode = try FileManager.default.attributesOfItem(atPath: "\(site.folder)/mine/saved.tar.gz")
            #expect(mode[.posixPermissions] as? Int == 0o600)
            // It goes on running meanwhile.
            #expect(try await create("b", on: site) == "{\"vmid\":2}")

            _ = try await site.redis("FLUSHALL")
            try site.write("simulated:///9\n", to: "mine/pms")
            let changed = try await site.run("up", settings: ["HVC_WORKERS": "1"])
            #expect(changed.status == 0, "\(changed.text)")

            let restored = try await site.run("restore", ["saved.tar.gz"])
            #expect(restored.status == 0, "\(restored.text)")
            let up = try await site.run("up")
            #expect(up.status == 0, "\(up.text)")
            #expect(try site.read("var/settings") == settings)
            #expect(try site.read("mine/pms") == "simulated:///1\nsimulated:///2\n")
            #expect(try site.read("mine/pms.before-restore") == "simulated:///9\n")
            #expect(try await site.http.call("/vm/query?vmid=1").body.contains("\"name\":\"a\""))
            #expect(try await site.redis("ZRANGE", "hvc:pms", "0", "-1") == "1\n2")
        }
    }

    @Test("What is no archive is refused, and nothing is changed", .timeLimit(.minutes(2)))
    func noArchive() async throws {
        try await ScriptedInstallation.with { site in
            let before = try site.processes()
            let restored = try await site.run("restore", ["types"])
            #expect(restored.status != 0)
            #expect(restored.text.contains("no archive of bin/backup.sh"), "\(restored.text)")
            #expect(try site.processes() == before)
        }
    }

    @Test("Uninstalling asks first, leaves VMs unless it is reported otherwise, and leaves nothing of its own")
    func uninstalls() async throws {
        try await ScriptedInstallation.with { site in
            #expect(try await create("a", on: site) == "{\"vmid\":1}")
            let before = try site.processes()
            let asked = try await site.run("uninstall")
            #expect(asked.status == 0)
            #expect(asked.text.contains("nothing was done"), "\(asked.text)")
            #expect(try site.processes() == before)
            let done = try await site.run("uninstall", ["--with-vms", "--yes"])
            #expect(done.status == 0, "\(done.text)")
            #expect(done.text.contains("VM 1: destroyed"), "\(done.text)")
            #expect(!FileManager.default.fileExists(atPath: "\(site.folder)/var"))
            #expect(before.values.allSatisfy { kill($0, 0) != 0 })
        }
    }

    private func create(_ name: String, on site: ScriptedInstallation) async throws -> String {
        try await site.http.call("/vm/create?name=\(name)&instance_type=1&image_id=100").body
    }
}
