import Foundation
import TestKit
import Testing

@Suite("The supervisor of a program")
struct SupervisorTests {
    /// A supervisor of a program that ends at once, with a `sleep` that notes what it was asked for and returns.
    private func loop(_ body: String) async throws -> (site: ScriptedInstallation, child: ChildProcess) {
        let site = try ScriptedInstallation()
        let stubs = "\(site.folder)/stubs"
        for folder in [stubs, "\(site.folder)/var/run"] {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }
        try site.write("#!/bin/bash\necho \"$1\" >>'\(site.folder)/asked'\n", to: "stubs/sleep")
        try site.write("#!/bin/bash\n\(body)\n", to: "stubs/program")
        for name in ["sleep", "program"] {
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(stubs)/\(name)")
        }
        var environment = ProcessInfo.processInfo.environment
        environment["PATH"] = "\(stubs):\(environment["PATH"] ?? "")"
        let child = try ChildProcess(
            "bash",
            ["\(site.folder)/bin/lib/supervise.sh", "worker-1", "settings", "\(stubs)/program"],
            environment: environment
        )
        return (site, child)
    }

    @Test("A program that ends again and again is started ever later, and given up after five times")
    func givesUp() async throws {
        let (site, child) = try await loop("exit 3")
        #expect(try await child.waitForExit() == .status(1))
        #expect(try site.read("asked").split(separator: "\n") == ["1", "2", "4", "8", "16"])
        #expect(child.text.contains("gave up: worker-1 ended 6 times within 10 minutes"), "\(child.text)")
        let ends = try site.read("var/run/worker-1.ends").split(separator: "\n")
        #expect(ends.count == 7)
        #expect(ends.last?.hasPrefix("gave up") == true)
        try site.write("HVC_REDIS_URL=unix:///nowhere\nHVC_WORKERS=1\n", to: "var/settings")
        let status = try await site.run("status")
        #expect(status.status == 1)
        #expect(status.text.contains("worker-1   does not run; its supervisor gave up"), "\(status.text)")
    }

    @Test("A signal to stop reaches the program, which ends in its own time")
    func stops() async throws {
        let (site, child) = try await loop(
            "trap 'echo finishing; exit 0' TERM\necho running\nwhile :; do /bin/sleep 0.05; done"
        )
        try await child.waitForLine(containing: "running")
        child.signal(SIGHUP)
        child.signal(SIGTERM)
        #expect(try await child.waitForExit() == .status(0))
        #expect(child.text.contains("finishing"))
        #expect(!FileManager.default.fileExists(atPath: "\(site.folder)/var/run/worker-1.ends"))
    }
}
