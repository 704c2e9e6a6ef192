import Foundation
import RedisClient
import TestKit
import Testing

@Suite("hvctl in a real terminal")
struct HVCtlTerminalTests {
    private func with(columns: Int, _ body: (TerminalScreen) async throws -> Void) async throws {
        let folder = try TemporaryDirectory()
        try await Installation.with(
            machines: [],
            images: [try HaltImage.write(to: folder.file("halt.img"))],
            types: #""types": [{"cpu": 1, "ram": 512, "disk": 1}]"#,
            workers: 1,
            environment: ["HVC_FLEET": "simulated:2"]
        ) { site, _ in
            for pm in 1...2 { try await site.waitUntilUp(pm) }
            let programs = URL(filePath: try BuiltProgram.path("hvctl")).deletingLastPathComponent().path()
            let screen = try await TerminalScreen(
                columns: columns,
                environment: [
                    "PATH": "\(programs):/usr/bin:/bin", "HVCTL_SERVER": site.http.base,
                    "HVCTL_CONFIG": folder.file("hvctl/servers.json"),
                ]
            )
            let result: Result<Void, any Error>
            do { result = .success(try await body(screen)) } catch { result = .failure(error) }
            await screen.close()
            try result.get()
        }
    }

    @Test(
        "A create tells its steps, a destroy asks before, and a narrow terminal cuts cells and no lines",
        .timeLimit(.minutes(2))
    )
    func commands() async throws {
        try await with(columns: 60) { screen in
            try await screen.type("hvctl create a-rather-long-name-for-a-vm -t 1 -i halt")
            let made = try await screen.wait(for: "ready in")
            for step in ["queued", "placed", "disk", "start"] { #expect(made.contains("\n  \(step) "), "\(made)") }

            try await screen.type("clear; hvctl list")
            let list = try await screen.wait(for: "default")
            #expect(list.contains("…") && list.contains("PROJECT") && list.contains("default"), "\(list)")
            // A line that was too long would have been broken into two.
            #expect(list.split(separator: "\n").count { !$0.hasPrefix("$") } == 2, "\(list)")

            try await screen.type("clear; hvctl destroy 1")
            try await screen.wait(for: "with all data?")
            try await screen.type("n")
            try await screen.wait(for: "nothing was done")
            try await screen.type("clear; hvctl get 1 -o name; hvctl destroy 1")
            // The screen still shows the question before.
            try await screen.wait(for: "a-rather-long-name-for-a-vm\ndestroy a-rather-long-name-for-a-vm (vm 1)")
            try await screen.type("y")
            try await screen.wait(for: "destroyed")
        }
    }

    @Test(
        "A wait shows what goes on and ends with Ctrl-C; top fills the screen, and leaves it as it was",
        .timeLimit(.minutes(2))
    )
    func live() async throws {
        try await with(columns: 100) { screen in
            try await screen.type("hvctl queue pause --reason test")
            try await screen.wait(for: "the queue is paused")
            try await screen.type("clear; hvctl create slow -t 1 -i halt")
            try await screen.wait(for: "queued, 0 ahead")
            try await screen.press("C-c")
            let stopped = try await screen.wait(for: "hvctl job cancel 1")
            #expect(stopped.contains("stopped waiting; job 1 goes on (queued, 0 ahead)"), "\(stopped)")
            try await screen.type("echo it ended with $?")
            try await screen.wait(for: "it ended with 130")

            try await screen.type("hvctl top --every 1s")
            let top = try await screen.wait(for: "simulated:///2")
            #expect(top.hasPrefix("queue 1 ") && top.contains("paused since") && !top.contains("it ended"), "\(top)")
            try await screen.press("C-c")
            let after = try await screen.wait(for: "it ended with 130")
            #expect(!after.contains("simulated"), "\(after)")
        }
    }
}
