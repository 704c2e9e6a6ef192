import Foundation

/// promtool, which checks what Prometheus is to read.
package enum Promtool {
    /// Runs it.
    ///
    /// - Parameters:
    ///   - arguments: its arguments.
    ///   - input: what it reads from its standard input.
    /// - Returns: whether it found nothing wrong, and what it said.
    /// - Throws: `TestKitError` where it cannot be run, or does not end.
    package static func run(
        _ arguments: [String],
        input: String = ""
    ) async throws -> (isFine: Bool, text: String) {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        try input.write(toFile: directory.file("input"), atomically: true, encoding: .utf8)
        let process = try ChildProcess(program, arguments, input: directory.file("input"))
        let exit = try await process.waitForExit(within: .seconds(60))
        return (exit == .status(0), process.text)
    }

    /// Where bin/test.sh puts it; else what PATH leads to.
    private static var program: String {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let own = root.appending(path: "var/tools/promtool").path()
        return FileManager.default.isExecutableFile(atPath: own) ? own : "promtool"
    }
}
