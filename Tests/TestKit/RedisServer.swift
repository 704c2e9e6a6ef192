import Foundation
import NIOConcurrencyHelpers
package import RedisClient

/// A real redis-server of a test's own: on a unix socket and a loopback port, with its files in a directory of its own.
///
/// It is killed and its files are removed when the object goes, at the latest.
package final class RedisServer: Sendable {
    /// How to run the server.
    package struct Options: Sendable {
        /// Whether it keeps an append-only file with an fsync for each write, as the shipped configuration has it.
        package var appendOnly = false

        /// The default user's password; nil: none.
        package var password: String?

        /// ACL users in the form of redis.conf, such as `app on >secret ~* &* +@all`.
        package var users: [String] = []

        /// More settings: names without the `--`, and values; a value is split at spaces.
        package var settings: [(name: String, value: String)] = []

        /// Variables of its environment, beside those of the test.
        package var environment: [String: String] = [:]

        /// Makes options.
        ///
        /// - Parameters:
        ///   - appendOnly: Whether it keeps an append-only file with an fsync for each write.
        ///   - password: The default user's password; nil: none.
        ///   - users: ACL users in the form of redis.conf.
        ///   - settings: More settings.
        package init(
            appendOnly: Bool = false,
            password: String? = nil,
            users: [String] = [],
            settings: [(name: String, value: String)] = []
        ) {
            self.appendOnly = appendOnly
            self.password = password
            self.users = users
            self.settings = settings
        }
    }

    private struct State: Sendable {
        var process: ChildProcess?
        var port = 0
        var tlsPort = 0
    }

    /// Where the server keeps its files.
    package let directory: TemporaryDirectory

    private let options: Options
    private let hasTLS: Bool
    private let state = NIOLockedValueBox(State())

    /// Prepares a server; ``start()`` starts it.
    ///
    /// - Parameter options: How to run it.
    /// - Throws: ``TestKitError`` where the directory cannot be made.
    package init(_ options: Options = Options()) throws {
        self.options = options
        self.hasTLS = options.settings.contains { $0.name == "tls-cert-file" }
        self.directory = try TemporaryDirectory(prefix: "redis")
    }

    /// Starts a server and waits until it answers.
    ///
    /// - Parameter options: How to run it.
    /// - Returns: The running server.
    /// - Throws: ``TestKitError`` with its output where it does not come up.
    package static func started(_ options: Options = Options()) async throws -> RedisServer {
        let server = try RedisServer(options)
        try await server.start()
        return server
    }

    /// The path of its unix socket.
    package var socketPath: String { directory.file("redis.sock") }

    /// Its TCP port on 127.0.0.1; the same after a restart.
    package var port: Int { state.withLockedValue { $0.port } }

    /// Its TLS port on 127.0.0.1, where the settings name a `tls-cert-file`; else 0.
    package var tlsPort: Int { state.withLockedValue { $0.tlsPort } }

    /// The process, where one was started.
    package var process: ChildProcess? { state.withLockedValue { $0.process } }

    /// How a client reaches it over TCP, with the default user's password.
    package var configuration: RedisConfiguration {
        var configuration = RedisConfiguration(endpoint: .tcp(host: "127.0.0.1", port: port))
        configuration.password = options.password
        return configuration
    }

    /// How a client reaches it over its unix socket, with the default user's password.
    package var socketConfiguration: RedisConfiguration {
        var configuration = RedisConfiguration(endpoint: .unixSocket(path: socketPath))
        configuration.password = options.password
        return configuration
    }

    /// The address as a URL for a program's command line, with the password where there is one.
    package var url: String {
        "redis://\(options.password.map { ":\($0)@" } ?? "")127.0.0.1:\(port)"
    }

    /// Starts the server on its files.
    ///
    /// It binds its port itself: a free one is not asked for beforehand but tried, as another test might take it
    /// in between.
    ///
    /// - Parameters:
    ///   - waitsUntilReady: Whether to wait until it has read its data and answers.
    ///   - settings: More settings, for this run only.
    /// - Throws: ``TestKitError`` with its output where it does not come up.
    package func start(waitsUntilReady: Bool = true, settings: [(name: String, value: String)] = []) async throws {
        let isRestart = port != 0
        for _ in 0..<50 {
            if !isRestart {
                // Below the range from which the system takes ports for outgoing connections.
                state.withLockedValue { state in
                    state.port = .random(in: 10_000..<32_000)
                    state.tlsPort = hasTLS ? .random(in: 10_000..<32_000) : 0
                }
            }
            let process = try ChildProcess(
                "redis-server",
                arguments(settings),
                environment: ProcessInfo.processInfo.environment.merging(options.environment) { $1 },
                directory: directory.path
            )
            state.withLockedValue { $0.process = process }
            let started = try await process.waitForLine("word of its start", within: .seconds(30)) { line in
                line.text.contains("ddress already in use")
                    || line.text.contains(waitsUntilReady ? "Ready to accept connections" : "Server initialized")
            }
            if !started.text.contains("ddress already in use") { return }
            try await process.waitForExit()
        }
        throw TestKitError("redis-server found no free port in 50 tries; its output:\n\(process?.text ?? "")")
    }

    /// Kills the server as a power loss would, and waits until it is gone.
    ///
    /// - Throws: ``TestKitError`` where it does not go.
    package func kill9() async throws {
        try await process?.kill()
    }

    /// Kills the server where it runs, and starts it on the same files, port and socket.
    ///
    /// - Throws: ``TestKitError`` with its output where it does not come up.
    package func restart() async throws {
        try await kill9()
        try await start()
    }

    /// Ends the server in its own way, which saves what it saves.
    ///
    /// - Throws: ``TestKitError`` where it does not go.
    package func stop() async throws {
        try await process?.terminate()
    }

    private func arguments(_ more: [(name: String, value: String)]) -> [String] {
        var arguments = [
            "--port", "\(port)", "--bind", "127.0.0.1", "--unixsocket", socketPath, "--dir", directory.path,
            "--save", "", "--daemonize", "no", "--enable-debug-command", "yes",
        ]
        arguments += ["--appendonly", options.appendOnly ? "yes" : "no", "--appendfsync", "always"]
        if let password = options.password { arguments += ["--requirepass", password] }
        if hasTLS { arguments += ["--tls-port", "\(tlsPort)"] }
        for user in options.users {
            arguments += ["--user"] + user.split(separator: " ").map(String.init)
        }
        for setting in options.settings + more {
            arguments += ["--\(setting.name)"] + setting.value.split(separator: " ").map(String.init)
        }
        return arguments
    }
}
