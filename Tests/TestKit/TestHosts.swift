import Foundation
import NIOConcurrencyHelpers

/// Machines of a test's own, made by dev/hosts: each has a network card, a cable, an sshd and a libvirtd with QEMU.
///
/// Each set has a network of its own, so several run side by side. It is taken down by ``down()``, when the object
/// goes, or when this process ends, however it ends. Needs root.
package final class TestHosts: Sendable {
    /// A daemon of a host.
    package enum Daemon: String, Sendable {
        case libvirtd
        case sshd
    }

    /// What can be done to a daemon.
    package enum Action: String, Sendable {
        /// Starts it where it does not run.
        case start
        /// Kills it with SIGKILL.
        case kill
        /// Ends it with SIGTERM.
        case term
        /// Freezes it with SIGSTOP.
        case stop
        /// Lets it go on with SIGCONT.
        case cont
        /// Ends it with SIGTERM and starts it.
        case restart
    }

    private struct Row: Decodable {
        let host: Int
        let address: String
        let uri: String
    }

    /// How many hosts there are; they are numbered from 1.
    package let count: Int

    /// What programs need in their environment to reach the hosts: a PATH with an ssh that knows their keys.
    package var environment: [String: String] {
        // The hosts have a network where there is a dnsmasq for it.
        let hasNetwork = FileManager.default.isExecutableFile(atPath: "/usr/sbin/dnsmasq")
        return ["PATH": path.withLockedValue { $0 }, "HVC_NETWORK": hasNetwork ? "default" : "none"]
    }

    private let directory: TemporaryDirectory
    private let rows = NIOLockedValueBox([Row]())
    private let path = NIOLockedValueBox("")
    private let isDown = NIOLockedValueBox(false)

    private init(_ count: Int) throws {
        guard geteuid() == 0 else { throw TestKitError("test hosts need root: run the tests as root") }
        self.count = count
        directory = try TemporaryDirectory(prefix: "hosts")
    }

    deinit {
        guard !isDown.withLockedValue({ $0 }), let child = try? start(["down"]) else { return }
        // The directory goes next, and must not while somebody still writes there; a bounded wait, as nothing tells.
        for _ in 0..<1500 where child.exit == nil { usleep(10_000) }
    }

    /// Brings up hosts and waits until their sshd and libvirtd answer.
    ///
    /// - Parameters:
    ///   - count: How many.
    ///   - specs: The size to pretend, `CPUS:MEM_MIB[:DISK_MIB]`, for hosts 1, 2, …; the last goes on for the rest.
    /// - Returns: The running hosts.
    /// - Throws: ``TestKitError`` with the output of dev/hosts where they do not come up.
    package static func started(_ count: Int, specs: [String] = ["8:8192"]) async throws -> TestHosts {
        let hosts = try TestHosts(count)
        let owner = String(ProcessInfo.processInfo.processIdentifier)
        try await hosts.run(["up", "\(count)", "--owner", owner] + specs.flatMap { ["--spec", $0] })
        let rows = try JSONDecoder().decode([Row].self, from: Data(try await hosts.run(["status", "--json"]).utf8))
        guard rows.map(\.host) == Array(1...count) else { throw TestKitError("dev/hosts status: \(rows)") }
        hosts.rows.withLockedValue { $0 = rows }
        let script = #"eval "$("$1" env)" && printf %s "$PATH""#
        let shell = try ChildProcess("bash", ["-c", script, "-", Self.program], environment: hosts.settings)
        guard try await shell.waitForExit() == .status(0) else { throw TestKitError("dev/hosts env: \(shell.text)") }
        hosts.path.withLockedValue { $0 = shell.text }
        return hosts
    }

    /// Runs a body on hosts, and takes them down whatever comes.
    ///
    /// - Parameters:
    ///   - count: How many.
    ///   - specs: The size to pretend, as for ``started(_:specs:)``.
    ///   - body: What to do on them.
    /// - Throws: ``TestKitError`` where they do not come up or go down; what the body throws.
    package static func with(
        _ count: Int,
        specs: [String] = ["8:8192"],
        _ body: (TestHosts) async throws -> Void
    ) async throws {
        let hosts = try await started(count, specs: specs)
        let result: Result<Void, any Error>
        do { result = .success(try await body(hosts)) } catch { result = .failure(error) }
        try await hosts.down()
        try result.get()
    }

    /// Powers all hosts off and removes all of the set; does nothing the second time.
    ///
    /// - Throws: ``TestKitError`` where something stays.
    package func down() async throws {
        guard !isDown.withLockedValue({ $0 }) else { return }
        // Apart from the caller's task: a test that was cancelled leaves no hosts either.
        _ = try await Task { try await run(["down"]) }.value
        isDown.withLockedValue { $0 = true }
    }

    // MARK: Where they are

    /// A host's ssh address, as a line of the PM file: `root@IP:PORT`.
    ///
    /// - Parameter host: Its number.
    /// - Returns: The address.
    package func address(_ host: Int) -> String { rows.withLockedValue { $0[host - 1].address } }

    /// A host's libvirt URI, over ssh.
    ///
    /// - Parameter host: Its number.
    /// - Returns: The URI.
    package func uri(_ host: Int) -> String { rows.withLockedValue { $0[host - 1].uri } }

    /// All hosts as lines of a PM file.
    ///
    /// - Parameter settings: What stands behind each address, such as `overcommit_cpu=4`.
    /// - Returns: The lines.
    package func lines(settings: String = "") -> [String] {
        (1...count).map { address($0) + (settings.isEmpty ? "" : " \(settings)") }
    }

    // MARK: On a host

    /// Runs a command on a host, also where its cable is pulled.
    ///
    /// - Parameters:
    ///   - host: Its number.
    ///   - command: The program and its arguments.
    /// - Returns: What it printed, to either stream.
    /// - Throws: ``TestKitError`` with its output where it fails.
    @discardableResult
    package func exec(_ host: Int, _ command: String...) async throws -> String {
        try await run(["exec", "\(host)"] + command)
    }

    /// Runs virsh on a host's QEMU driver, without ssh.
    ///
    /// - Parameters:
    ///   - host: Its number.
    ///   - arguments: virsh's arguments, without the URI.
    /// - Returns: What it printed.
    /// - Throws: ``TestKitError`` with its output where it fails.
    @discardableResult
    package func virsh(_ host: Int, _ arguments: String...) async throws -> String {
        try await run(["exec", "\(host)", "virsh", "-q", "-c", "qemu:///system"] + arguments)
    }

    /// The names of a host's domains, running or not, sorted.
    ///
    /// - Parameter host: Its number.
    /// - Returns: The names.
    /// - Throws: ``TestKitError`` where libvirt does not answer.
    package func domains(_ host: Int) async throws -> [String] {
        try await virsh(host, "list", "--all", "--name").split(whereSeparator: \.isNewline).map(String.init).sorted()
    }

    /// The names of the volumes in a host's pool `default`, sorted; none where there is no pool.
    ///
    /// - Parameter host: Its number.
    /// - Returns: The names.
    /// - Throws: ``TestKitError`` where libvirt does not answer.
    package func volumes(_ host: Int) async throws -> [String] {
        guard try await virsh(host, "pool-list", "--name").contains("default") else { return [] }
        return try await virsh(host, "vol-list", "default").split(whereSeparator: \.isNewline)
            .compactMap { $0.split(separator: " ").first.map(String.init) }.sorted()
    }

    // MARK: Faults

    /// Pulls a host's network cable.
    ///
    /// - Parameter host: Its number.
    /// - Throws: ``TestKitError`` where that fails.
    package func cut(_ host: Int) async throws { try await run(["cut", "\(host)"]) }

    /// Plugs a host's network cable.
    ///
    /// - Parameter host: Its number.
    /// - Throws: ``TestKitError`` where that fails.
    package func heal(_ host: Int) async throws { try await run(["heal", "\(host)"]) }

    /// Ends all processes of a host at once, as a power loss; its disks stay.
    ///
    /// - Parameter host: Its number.
    /// - Throws: ``TestKitError`` where that fails.
    package func crash(_ host: Int) async throws { try await run(["crash", "\(host)"]) }

    /// Switches a crashed host on and waits until it answers.
    ///
    /// - Parameter host: Its number.
    /// - Throws: ``TestKitError`` where it does not come up.
    package func boot(_ host: Int) async throws { try await run(["boot", "\(host)"]) }

    /// Does something to a daemon of a host.
    ///
    /// - Parameters:
    ///   - daemon: Which daemon.
    ///   - host: The host's number.
    ///   - action: What to do.
    /// - Throws: ``TestKitError`` where that fails.
    package func control(_ daemon: Daemon, of host: Int, _ action: Action) async throws {
        try await run([daemon.rawValue, "\(host)", action.rawValue])
    }
}

extension TestHosts {
    private static let program = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "dev/hosts").path()

    private var settings: [String: String] {
        var settings = ProcessInfo.processInfo.environment
        settings["HVC_HOSTS_DIR"] = directory.file("set")
        settings["HVC_HOSTS_NET"] = nil
        return settings
    }

    private func start(_ arguments: [String]) throws -> ChildProcess {
        try ChildProcess("bash", [Self.program] + arguments, environment: settings)
    }

    @discardableResult
    private func run(_ arguments: [String]) async throws -> String {
        let child = try start(arguments)
        guard try await child.waitForExit(within: .seconds(120)) == .status(0) else {
            throw TestKitError("dev/hosts \(arguments.joined(separator: " ")): \(child.text)")
        }
        return child.text
    }
}
