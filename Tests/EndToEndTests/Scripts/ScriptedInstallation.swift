import Foundation
import TestKit

/// A copy of `bin/` with the built programs beside it and files that list simulated PMs: what somebody has who installed.
final class ScriptedInstallation: Sendable {
    /// A script's end.
    struct Run {
        let status: Int32
        let text: String
    }

    /// The copy's folder.
    let folder: String
    /// The gateway's port.
    let port: Int
    private let parent: TemporaryDirectory

    /// Makes a copy; nothing runs yet.
    ///
    /// - Parameter name: the name of its folder.
    /// - Throws: where the files cannot be written.
    init(name: String = "installation") throws {
        parent = try TemporaryDirectory()
        folder = parent.file(name)
        // Below the range from which the system takes ports for outgoing connections.
        port = .random(in: 10_000..<32_000)
        let files = FileManager.default
        try files.createDirectory(atPath: "\(folder)/.build/release", withIntermediateDirectories: true)
        try files.createDirectory(atPath: "\(folder)/mine", withIntermediateDirectories: true)
        try files.copyItem(atPath: GuestImage.root.appending(path: "bin").path(), toPath: "\(folder)/bin")
        for program in ["hvc-gateway", "hvc-worker"] {
            try files.createSymbolicLink(
                atPath: "\(folder)/.build/release/\(program)",
                withDestinationPath: try BuiltProgram.path(program)
            )
        }
        try write("simulated:///1\nsimulated:///2\n", to: "mine/pms")
        _ = try HaltImage.write(to: "\(folder)/mine/halt.img")
        try write("\(folder)/mine/halt.img\n", to: "mine/images")
        try write("\"types\": [{\"cpu\": 1, \"ram\": 128, \"disk\": 1}]\n", to: "mine/types")
    }

    /// Runs a body with an installation whose programs were started by bin/up.sh, and ends all of it.
    static func with(
        name: String = "installation",
        settings: [String: String] = [:],
        _ body: (ScriptedInstallation) async throws -> Void
    ) async throws {
        let installation = try ScriptedInstallation(name: name)
        let result: Result<Void, any Error>
        do {
            let first = [
                "HVC_PM_FILE": "pms", "HVC_IMAGE_FILE": "images", "HVC_FLAVOR_FILE": "types",
                "HVC_PORT": "\(installation.port)", "HVC_GRACE": "5",
            ]
            let up = try await installation.run("up", settings: first.merging(settings) { _, new in new })
            guard up.status == 0 else { throw TestKitError("bin/up.sh ended with \(up.status):\n\(up.text)") }
            result = .success(try await body(installation))
        } catch {
            result = .failure(error)
        }
        _ = try await installation.run("down")
        try result.get()
    }

    /// Runs a script of bin/ in the folder of the files.
    func run(_ script: String, _ arguments: [String] = [], settings: [String: String] = [:]) async throws -> Run {
        var environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("HVC_") }
        environment.merge(settings) { _, new in new }
        let child = try ChildProcess(
            "bash",
            ["../bin/\(script).sh"] + arguments,
            environment: environment,
            directory: "\(folder)/mine"
        )
        guard case .status(let status) = try await child.waitForExit(within: .seconds(120)) else {
            throw TestKitError("bin/\(script).sh was killed:\n\(child.text)")
        }
        return Run(status: status, text: child.text)
    }

    /// The process numbers in var/run, by name.
    func processes() throws -> [String: pid_t] {
        let names = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/var/run")
        return try names.filter { $0.hasSuffix(".pid") }.reduce(into: [:]) { found, name in
            let text = try read("var/run/\(name)").trimmingCharacters(in: .whitespacesAndNewlines)
            found[String(name.dropLast(4))] = pid_t(text)
        }
    }

    /// The text of a file of the installation.
    func read(_ path: String) throws -> String {
        try String(contentsOfFile: "\(folder)/\(path)", encoding: .utf8)
    }

    /// Writes a file of the installation.
    func write(_ text: String, to path: String) throws {
        try text.write(toFile: "\(folder)/\(path)", atomically: true, encoding: .utf8)
    }

    /// Calls of its API.
    var http: HTTPCalls { HTTPCalls(base: "http://127.0.0.1:\(port)") }

    /// Runs a Redis command on the private server.
    func redis(_ arguments: String...) async throws -> String {
        let child = try ChildProcess("redis-cli", ["-s", "\(folder)/var/redis/redis.sock"] + arguments)
        try await child.waitForExit()
        return child.text
    }
}
