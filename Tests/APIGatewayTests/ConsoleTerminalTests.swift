import Foundation
import Model
import TestKit
import Testing

@testable import APIGateway

@Suite("hvctl console in a real terminal", .timeLimit(.minutes(2)))
struct ConsoleTerminalTests {
    private func with(_ body: (LiveGateway, PlayedConsole, TerminalScreen) async throws -> Void) async throws {
        let folder = try TemporaryDirectory()
        try await LiveGateway.with { gateway in
            try await gateway.fill()
            let create = #"{"name":"web","instance_type":1,"image_id":100}"#
            async let made = gateway.http.call("/v1/vms?wait=20", method: "POST", body: create)
            try await gateway.work()
            #expect(try await made.status == 201)
            let console = PlayedConsole(of: try #require(VMID(1)), in: gateway.store)
            try await console.write(Array("login: ".utf8), isRelayed: false)
            let worker = Task { try await console.run() }
            defer { worker.cancel() }
            let programs = URL(filePath: try BuiltProgram.path("hvctl")).deletingLastPathComponent().path()
            let screen = try await TerminalScreen(
                columns: 120,
                environment: [
                    "PATH": "\(programs):/usr/bin:/bin", "HVCTL_SERVER": gateway.http.base,
                    "HVCTL_CONFIG": folder.file("hvctl/servers.json"),
                ]
            )
            let result: Result<Void, any Error>
            do { result = .success(try await body(gateway, console, screen)) } catch { result = .failure(error) }
            await screen.close()
            try result.get()
        }
    }

    /// Waits until the shell is back, with the terminal as it was.
    private func isBack(_ screen: TerminalScreen, status: Int) async throws {
        // A terminal whose line is not back would not take the end of this one.
        try await screen.type("echo it ended with $?; stty -a | tr ' ;' '\\n' | grep -w icanon")
        try await screen.wait(for: "it ended with \(status)\nicanon")
    }

    @Test("What is typed reaches the guest and what it writes the screen; the keyboard may be taken, and ~. leaves")
    func session() async throws {
        try await with { gateway, console, screen in
            func typed() -> String { String(decoding: console.input.flatMap { $0.bytes }, as: UTF8.self) }
            try await screen.type("hvctl wait web --wait console --match 'log' -o name; echo it ended with $?")
            try await screen.wait(for: "\nweb\nit ended with 0")
            try await screen.type("clear; hvctl console web")
            try await screen.wait(for: "login:")
            try await screen.type("root")
            try await eventually("what was typed") { typed() == "root\r" }
            try await console.write(Array("root\r\n\u{1B}[1mhello\u{1B}[0m from ~.\r\n# ".utf8))
            try await screen.wait(for: "login: root\nhello from ~.\n#")
            try await screen.press("C-c")
            try await eventually("the interrupt to reach the guest") { typed() == "root\r\u{3}" }

            let input = "/v1/vms/web/console/input?writer=ann&take=true"
            #expect(try await gateway.http.call(input, method: "POST", body: "x").status == 200)
            try await screen.press("Enter")
            try await screen.wait(for: "'local/ann' writes to the console of VM 1 until 20")
            for key in ["~", "w"] { try await screen.press(key) }
            try await screen.wait(for: "the next key takes the keyboard")
            try await screen.type("k")
            try await screen.wait(for: "has the keyboard until 20")
            try await eventually("what was typed then") { typed() == "root\r\u{3}xk\r" }
            let forced = console.input.filter { $0.isForced }.map { $0.bytes }
            #expect(forced.count == 2 && forced[1].first == UInt8(ascii: "k"), "\(forced)")

            for key in ["~", "."] { try await screen.press(key) }
            try await screen.wait(for: "left the console of web")
            try await isBack(screen, status: 0)
        }
    }

    /// Connects with the console, and waits until what its guest wrote is there.
    private func connect(_ screen: TerminalScreen, _ name: String) async throws {
        try await screen.type("clear; echo this is \(name); hvctl console web --boot")
        // The screen before has the text of the guest, too.
        try await screen.wait(for: "this is \(name)\n[web")
        try await screen.wait(for: "]\nlogin:")
    }

    @Test("However it ends, the terminal is as it was: by a signal with 130, with the VM, or before it begins")
    func ends() async throws {
        try await with { gateway, _, screen in
            for number in [SIGTERM, SIGINT, SIGHUP] {
                try await connect(screen, "number \(number)")
                try await screen.signal(number)
                try await screen.wait(for: "left the console of web")
                try await isBack(screen, status: 130)
            }
            try await connect(screen, "the last one")
            async let destroyed = gateway.http.call("/v1/vms/web?wait=20", method: "DELETE")
            try await gateway.work()
            #expect(try await destroyed.status == 200)
            try await screen.wait(for: "web is no more")
            try await isBack(screen, status: 0)
            try await screen.type("clear; hvctl console web; echo it ended with $?; hvctl console web </dev/null")
            let last = try await screen.wait(for: "a console needs a terminal")
            #expect(last.contains("unknown_vm") && last.contains("it ended with 3"), "\(last)")
        }
    }
}
