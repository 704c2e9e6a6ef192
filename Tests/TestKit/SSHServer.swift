import Foundation
import NIOConcurrencyHelpers

/// A real sshd of a test's own on a loopback port, with its own host key, user key and known_hosts.
///
/// Nothing of the user's or the machine's ssh configuration is read or changed. sshd and all its sessions are killed
/// when the object goes, at the latest.
package final class SSHServer: Sendable {
    /// How to run the server.
    package struct Options: Sendable {
        /// A shell script that stands for the user's login shell; the command to run is in `SSH_ORIGINAL_COMMAND`.
        package var shell: String?

        /// What sshd shows before the user is let in.
        package var banner: String?

        /// Whether the key of ``SSHServer/clientConfig`` is let in.
        package var takesKey = true

        /// More lines of sshd_config.
        package var settings: [String] = []

        /// Makes options.
        ///
        /// - Parameters:
        ///   - shell: A script that stands for the user's login shell.
        ///   - banner: What sshd shows before the user is let in.
        ///   - takesKey: Whether the client's key is let in.
        ///   - settings: More lines of sshd_config.
        package init(
            shell: String? = nil,
            banner: String? = nil,
            takesKey: Bool = true,
            settings: [String] = []
        ) {
            self.shell = shell
            self.banner = banner
            self.takesKey = takesKey
            self.settings = settings
        }
    }

    /// Which key of the host a client has in its known_hosts.
    package enum KnownKey: Sendable {
        /// The right one.
        case right
        /// Another than the host has.
        case wrong
        /// None.
        case none
    }

    private struct State: Sendable {
        var process: ChildProcess?
        var port = 0
    }

    /// Where the server and the client keep their files.
    package let directory: TemporaryDirectory

    private let options: Options
    private let state = NIOLockedValueBox(State())

    private init(_ options: Options) throws {
        self.options = options
        directory = try TemporaryDirectory(prefix: "sshd")
    }

    deinit {
        killTree()
    }

    /// Starts a server and waits until it listens.
    ///
    /// - Parameter options: How to run it.
    /// - Returns: The running server.
    /// - Throws: ``TestKitError`` with its output where it does not come up.
    package static func started(_ options: Options = Options()) async throws -> SSHServer {
        let server = try SSHServer(options)
        try await server.writeFiles()
        try await server.start()
        return server
    }

    /// Its TCP port on 127.0.0.1.
    package var port: Int { state.withLockedValue { $0.port } }

    /// The user that is let in: the one who runs the tests.
    package var user: String { NSUserName() }

    /// `user@host:port`.
    package var address: String { "\(user)@127.0.0.1:\(port)" }

    /// What sshd has logged.
    package var log: String { state.withLockedValue { $0.process }?.text ?? "" }

    /// Writes a client configuration for `ssh -F`, with the user's key.
    ///
    /// - Parameters:
    ///   - knownKey: Which key of the host it knows.
    ///   - lines: More lines of ssh_config; they go first and so win.
    /// - Returns: The file's path.
    /// - Throws: What writing throws.
    package func clientConfig(knownKey: KnownKey = .right, lines: [String] = []) throws -> String {
        let name = "client-\(UUID().uuidString.prefix(8))"
        let key: String? =
            switch knownKey {
            case .right: try String(contentsOfFile: directory.file("host.pub"), encoding: .utf8)
            case .wrong: try String(contentsOfFile: directory.file("client.pub"), encoding: .utf8)
            case .none: nil
            }
        try write(key.map { "[127.0.0.1]:\(port) \($0)" } ?? "", "\(name).known_hosts")
        let all =
            lines + [
                "IdentityFile \(directory.file("client"))",
                "IdentitiesOnly yes",
                "IdentityAgent none",
                "UserKnownHostsFile \(directory.file("\(name).known_hosts"))",
                "GlobalKnownHostsFile /dev/null",
                "UpdateHostKeys no",
            ]
        return try write(all.joined(separator: "\n") + "\n", name)
    }

    /// Kills the processes of all sessions, as a machine that goes down would; the server listens on.
    package func killSessions() {
        for pid in children(of: pid) { kill(pid, SIGKILL) }
    }

    /// Kills the server and its sessions and waits until the port is free.
    ///
    /// - Throws: ``TestKitError`` where it does not go.
    package func stop() async throws {
        killTree()
        try await state.withLockedValue { $0.process }?.waitForExit()
    }

    private var pid: pid_t { state.withLockedValue { $0.process?.exit == nil ? $0.process?.pid ?? 0 : 0 } }

    private func killTree() {
        let pid = pid
        guard pid > 0 else { return }
        // Stopped first, it starts no session that the list lacks.
        kill(pid, SIGSTOP)
        for child in children(of: pid) { kill(child, SIGKILL) }
        kill(pid, SIGKILL)
    }

    /// The processes below a process, of which each session has several (proc(5), /proc/PID/task/TID/children).
    private func children(of pid: pid_t) -> [pid_t] {
        guard pid > 0, let text = try? String(contentsOfFile: "/proc/\(pid)/task/\(pid)/children", encoding: .utf8)
        else { return [] }
        let direct = text.split(separator: " ").compactMap { pid_t($0) }
        return direct + direct.flatMap { children(of: $0) }
    }
}

extension SSHServer {
    private func writeFiles() async throws {
        for name in ["host", "client"] {
            let arguments = ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", directory.file(name)]
            let keygen = try ChildProcess("ssh-keygen", arguments)
            guard try await keygen.waitForExit() == .status(0) else { throw TestKitError("ssh-keygen: \(keygen.text)") }
        }
        let key = try String(contentsOfFile: directory.file("client.pub"), encoding: .utf8)
        try write(options.takesKey ? key : "", "authorized_keys")
        if let banner = options.banner { try write(banner, "banner") }
        if let shell = options.shell {
            chmod(try write("#!/bin/bash\n\(shell)\n", "shell"), 0o700)
        }
        // Debian's sshd wants this empty folder, which its service makes.
        mkdir("/run/sshd", 0o755)
    }

    private func start() async throws {
        for _ in 0..<50 {
            // Below the range from which the system takes ports for outgoing connections.
            state.withLockedValue { $0.port = .random(in: 10_000..<32_000) }
            let config = try write(serverConfig.joined(separator: "\n") + "\n", "sshd_config")
            let process = try ChildProcess(try ChildProcess.find("sshd"), ["-D", "-e", "-f", config])
            state.withLockedValue { $0.process = process }
            let started = try await process.waitForLine("word of its start") { line in
                line.text.contains("Server listening") || line.text.contains("already in use")
            }
            if started.text.contains("Server listening") { return }
            try await process.waitForExit()
        }
        throw TestKitError("sshd found no free port in 50 tries; its output:\n\(log)")
    }

    private var serverConfig: [String] {
        var lines = [
            "ListenAddress 127.0.0.1:\(port)",
            "HostKey \(directory.file("host"))",
            "AuthorizedKeysFile \(directory.file("authorized_keys"))",
            "PidFile none",
            "UsePAM no",
            "StrictModes no",
            "PasswordAuthentication no",
            "KbdInteractiveAuthentication no",
            "PermitRootLogin yes",
            "MaxStartups 100",
            "LogLevel VERBOSE",
            // bash takes a shell that deep for no login and leaves the user's own ~/.bashrc out.
            "SetEnv SHLVL=2",
        ]
        if options.banner != nil { lines.append("Banner \(directory.file("banner"))") }
        if options.shell != nil { lines.append("ForceCommand \(directory.file("shell"))") }
        return lines + options.settings
    }

    @discardableResult
    private func write(_ text: String, _ name: String) throws -> String {
        let path = directory.file(name)
        try Data(text.utf8).write(to: URL(filePath: path))
        chmod(path, 0o600)
        return path
    }
}
