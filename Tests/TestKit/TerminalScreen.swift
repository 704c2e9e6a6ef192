import Foundation

/// A shell in a real terminal (tmux), to which a test types, and whose screen it reads.
package final class TerminalScreen: Sendable {
    private let directory: TemporaryDirectory
    private let socket: String

    /// - Parameters:
    ///   - columns: how wide it is.
    ///   - rows: how high it is.
    ///   - environment: the environment of the shell.
    /// - Throws: ``TestKitError`` where tmux does not start.
    package init(columns: Int, rows: Int = 24, environment: [String: String]) async throws {
        directory = try TemporaryDirectory(prefix: "tmux")
        socket = directory.file("socket")
        let settings = environment.merging(["PS1": "$ ", "TERM": "screen", "LC_ALL": "C.UTF-8"]) { own, _ in own }
        let shell = ["env", "-i"] + settings.map { "\($0.key)=\($0.value)" } + ["bash", "--norc", "--noprofile"]
        _ = try await tmux(["-f", "/dev/null", "new-session", "-d", "-x", "\(columns)", "-y", "\(rows)"] + shell)
        try await wait(for: "$")
    }

    /// Types a line.
    package func type(_ line: String) async throws {
        _ = try await tmux(["send-keys", "-l", line])
        try await press("Enter")
    }

    /// Presses a key, as tmux names it: `C-c`, `Enter`.
    package func press(_ key: String) async throws { _ = try await tmux(["send-keys", key]) }

    /// Sends a signal to the program that the shell runs.
    ///
    /// - Throws: ``TestKitError`` where it runs none.
    package func signal(_ number: Int32) async throws {
        let shell = try await tmux(["display-message", "-p", "#{pane_pid}"]).filter(\.isNumber)
        let children = try String(contentsOfFile: "/proc/\(shell)/task/\(shell)/children", encoding: .utf8)
        guard let program = children.split(separator: " ").first.flatMap({ pid_t($0) }), kill(program, number) == 0
        else {
            throw TestKitError("the shell \(shell) runs nothing: '\(children)'")
        }
    }

    /// What is on the screen, without the blanks at its end.
    package func text() async throws -> String {
        let lines = try await tmux(["capture-pane", "-p"]).split(separator: "\n", omittingEmptySubsequences: false)
        return lines.reversed().drop { $0.allSatisfy(\.isWhitespace) }.reversed().joined(separator: "\n")
    }

    /// Waits until the screen contains a text.
    @discardableResult
    package func wait(for part: String, within limit: Duration = .seconds(20)) async throws -> String {
        do {
            try await eventually("the screen to have '\(part)'", deadline: limit, every: .milliseconds(50)) {
                try await self.text().contains(part)
            }
        } catch {
            throw TestKitError("\(error); the screen:\n\(try await text())")
        }
        return try await text()
    }

    package func close() async { _ = try? await tmux(["kill-server"]) }

    private func tmux(_ words: [String]) async throws -> String {
        let process = try ChildProcess("tmux", ["-S", socket] + words)
        let exit = try await process.waitForExit(within: .seconds(10))
        guard exit == .status(0) else { throw TestKitError("tmux \(words): \(exit) \(process.text)") }
        return process.text
    }
}
