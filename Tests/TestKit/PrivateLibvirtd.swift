import Foundation
import NIOConcurrencyHelpers

/// A real libvirtd of a test's own, in mount, process and network namespaces of its own.
///
/// Its configuration, state, logs and guests live in a directory of the test's, and nothing of the machine's libvirt is
/// read or changed. libvirtd, its guests and its networks are killed when the object goes, at the latest. Needs root.
package final class PrivateLibvirtd: Sendable {
    /// How to run it.
    package struct Options: Sendable {
        /// The size of `/var/lib/libvirt/images`, which is a disk of its own then and may be full, in MiB; nil: no limit.
        package var poolMiB: Int?

        /// Whether the network `default` is defined and active, with DHCP for guests.
        package var hasNetwork = false

        /// Whether it counts the calls that it is asked.
        package var countsCalls = false

        /// Makes options.
        ///
        /// - Parameters:
        ///   - poolMiB: The size of the default pool's directory in MiB.
        ///   - hasNetwork: Whether the network `default` is active.
        ///   - countsCalls: Whether it counts the calls that it is asked.
        package init(poolMiB: Int? = nil, hasNetwork: Bool = false, countsCalls: Bool = false) {
            self.poolMiB = poolMiB
            self.hasNetwork = hasNetwork
            self.countsCalls = countsCalls
        }
    }

    /// Where it keeps its files.
    package let directory: TemporaryDirectory

    private let process: ChildProcess

    private init(_ options: Options) throws {
        guard geteuid() == 0 else { throw TestKitError("a libvirtd of a test's own needs root: run the tests as root") }
        for program in ["libvirtd", "virsh", "qemu-system-x86_64"] { _ = try ChildProcess.find(program) }
        directory = try TemporaryDirectory(prefix: "libvirtd")
        for name in ["run", "etc/qemu/networks/autostart", "lib/images", "log/qemu", "cache"] {
            try FileManager.default.createDirectory(
                atPath: directory.file(name),
                withIntermediateDirectories: true
            )
        }
        let log = options.countsCalls ? Self.callLogSettings : Self.logSettings
        try Self.write(Self.daemonSettings + log, to: directory.file("etc/libvirtd.conf"))
        try Self.write(Self.guestSettings, to: directory.file("etc/qemu.conf"))
        if options.hasNetwork {
            try Self.write(Self.network, to: directory.file("etc/qemu/networks/default.xml"))
            try FileManager.default.createSymbolicLink(
                atPath: directory.file("etc/qemu/networks/autostart/default.xml"),
                withDestinationPath: "/etc/libvirt/qemu/networks/default.xml"
            )
        }
        process = try ChildProcess(
            "unshare",
            [
                "--mount", "--net", "--pid", "--ipc", "--fork", "--kill-child=SIGKILL",
                "bash", "-c", Self.script, "libvirtd", directory.path, options.poolMiB.map(String.init) ?? "",
            ],
            environment: ["PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C"]
        )
    }

    deinit {
        end()
        // The directory goes next, and must not while somebody still writes there; a bounded wait, as nothing tells.
        for _ in 0..<500 where process.exit == nil { usleep(10_000) }
    }

    /// Starts one and waits until it answers.
    ///
    /// - Parameter options: How to run it.
    /// - Returns: The running one.
    /// - Throws: ``TestKitError`` with its output where it does not come up.
    package static func started(_ options: Options = Options()) async throws -> PrivateLibvirtd {
        let server = try PrivateLibvirtd(options)
        try await server.waitForStart(number: 1)
        return server
    }

    /// The libvirt URI of its QEMU driver.
    package var uri: String { "qemu+unix:///system?socket=\(socketPath)" }

    /// The libvirt URI of its test driver's default host, which all connections share while one is open.
    package var testURI: String { "test+unix:///default?socket=\(socketPath)" }

    /// The path of its unix socket.
    package var socketPath: String { directory.file("run/libvirt-sock") }

    /// The directory that it knows as `/var/lib/libvirt/images`; empty here where the pool has a size of its own.
    package var imageDirectory: String { directory.file("lib/images") }

    /// What it has said.
    package var text: String { process.text }

    /// Runs virsh on it, from within its namespaces.
    ///
    /// - Parameter arguments: virsh's arguments, without the URI.
    /// - Returns: What it printed.
    /// - Throws: ``TestKitError`` with its output where it fails.
    @discardableResult
    package func virsh(_ arguments: String...) async throws -> String {
        try await virsh(arguments)
    }

    /// Runs virsh on it, from within its namespaces.
    ///
    /// - Parameter arguments: virsh's arguments, without the URI.
    /// - Returns: What it printed.
    /// - Throws: ``TestKitError`` with its output where it fails.
    package func virsh(_ arguments: [String]) async throws -> String {
        let child = try ChildProcess("virsh", ["-q", "-c", uri] + arguments)
        guard try await child.waitForExit(within: .seconds(60)) == .status(0) else {
            throw TestKitError("virsh \(arguments.joined(separator: " ")): \(child.text)")
        }
        return child.text
    }

    /// Kills libvirtd alone; its guests run on.
    ///
    /// - Throws: ``TestKitError`` where it does not go.
    package func kill() async throws {
        let ends = process.lines.count { $0.text == Self.ended }
        try Self.write("", to: directory.file("hold"))
        try signal(SIGKILL)
        try await waitForLines(Self.ended, count: ends + 1)
    }

    /// Starts libvirtd after ``kill()``.
    ///
    /// - Throws: ``TestKitError`` with its output where it does not come up.
    package func restart() async throws {
        let starts = process.lines.count { $0.text == Self.ready }
        try FileManager.default.removeItem(atPath: directory.file("hold"))
        try await waitForStart(number: starts + 1)
    }

    /// Sends libvirtd a signal, such as `SIGSTOP`.
    ///
    /// - Parameter number: The signal.
    /// - Throws: ``TestKitError`` where it does not run.
    package func signal(_ number: Int32) throws {
        let daemons = Self.children(of: process.pid).flatMap { Self.children(of: $0) }.filter { pid in
            (try? String(contentsOfFile: "/proc/\(pid)/comm", encoding: .utf8)) == "libvirtd\n"
        }
        guard let pid = daemons.first else { throw TestKitError("libvirtd does not run:\n\(text)") }
        Foundation.kill(pid, number)
    }

    /// Kills the process of a guest, as the kernel does where memory is short, and waits until it is gone.
    ///
    /// - Parameter domainName: The domain's name, which no other guest of this machine has.
    /// - Throws: ``TestKitError`` where it does not run, or does not go.
    package func killGuest(_ domainName: String) async throws {
        let processes = try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { pid_t($0) }
        let guest = processes.first { pid in
            let arguments = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") ?? Data()
            return String(decoding: arguments, as: UTF8.self).contains("guest=\(domainName),")
        }
        guard let guest else { throw TestKitError("guest \(domainName) does not run") }
        Foundation.kill(guest, SIGKILL)
        try await eventually("guest \(domainName) to be gone") { Foundation.kill(guest, 0) != 0 }
    }

    /// Ends it and its guests, and waits until they are gone.
    ///
    /// - Throws: ``TestKitError`` where it does not go.
    package func stop() async throws {
        end()
        try await process.waitForExit()
    }

    /// Kills the first process of the namespaces: the kernel kills all others before unshare sees its end.
    private func end() {
        guard process.exit == nil else { return }
        for first in Self.children(of: process.pid) { Foundation.kill(first, SIGKILL) }
    }
}

extension PrivateLibvirtd {
    private func waitForStart(number: Int) async throws {
        try await waitForLines(Self.ready, count: number)
    }

    private func waitForLines(_ line: String, count: Int) async throws {
        let seen = NIOLockedValueBox(0)
        _ = try await process.waitForLine("\(count) times '\(line)'", within: .seconds(60)) { next in
            next.text == line
                && seen.withLockedValue {
                    $0 += 1
                    return $0
                } == count
        }
    }

    private static func children(of pid: pid_t) -> [pid_t] {
        let text = try? String(contentsOfFile: "/proc/\(pid)/task/\(pid)/children", encoding: .utf8)
        return (text ?? "").split(separator: " ").compactMap { pid_t($0) }
    }

    private static func write(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path))
    }

    private static let ready = "libvirtd is ready"
    private static let ended = "libvirtd has ended"

    /// The first process of the namespaces.
    ///
    /// It gives libvirtd its own places, starts it, and starts it again whenever it has ended, unless the file `hold` is
    /// there. Orphans are reaped by the shell.
    private static let script = """
        set -eu
        directory=$1 pool_mib=$2
        mount -t proc proc /proc
        mount -t sysfs sysfs /sys
        mount -t tmpfs tmpfs /run
        mkdir -p /run/libvirt /run/lock
        mount --bind "$directory/run" /run/libvirt
        mount --bind "$directory/etc" /etc/libvirt
        for name in lib log cache; do
            mkdir -p "/var/$name/libvirt"
            mount --bind "$directory/$name" "/var/$name/libvirt"
        done
        if [ -n "$pool_mib" ]; then mount -t tmpfs -o "size=${pool_mib}m" tmpfs /var/lib/libvirt/images; fi
        ip link set lo up
        while :; do
            while [ -e "$directory/hold" ]; do sleep 0.02; done
            rm -f "$directory/run/libvirt-sock"
            libvirtd </dev/null &
            daemon=$!
            until virsh -q -c qemu:///system uri >/dev/null 2>&1; do
                kill -0 "$daemon" || exit 1
                sleep 0.02
            done
            echo '\(ready)'
            wait "$daemon" || :
            echo '\(ended)'
        done
        """

    private static var daemonSettings: String {
        """
        host_uuid = "\(UUID().uuidString.lowercased())"
        auth_unix_rw = "none"
        unix_sock_group = "root"
        unix_sock_rw_perms = "0770"

        """
    }

    private static let logSettings = """
        log_outputs = "2:stderr"

        """

    private static let callLogSettings = """
        log_filters = "1:rpc.netserverprogram"
        log_outputs = "2:stderr 1:file:/var/log/libvirt/calls.log"

        """

    /// No cgroups, no security driver, no virtlogd: none of them is to be had in the namespaces.
    private static let guestSettings = """
        user = "root"
        group = "root"
        dynamic_ownership = 0
        remember_owner = 0
        security_driver = "none"
        security_default_confined = 0
        namespaces = [ ]
        stdio_handler = "file"
        cgroup_controllers = [ ]

        """

    private static let network = """
        <network>
          <name>default</name>
          <forward mode='nat'/>
          <bridge name='virbr0' stp='off' delay='0'/>
          <ip address='192.168.122.1' netmask='255.255.255.0'>
            <dhcp><range start='192.168.122.2' end='192.168.122.254'/></dhcp>
          </ip>
        </network>

        """
}
