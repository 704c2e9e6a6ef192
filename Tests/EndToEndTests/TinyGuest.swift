import Foundation
import TestKit

/// The tiny guest under an emulating QEMU of the test's own: its console as lines, its ssh server on a loopback port.
final class TinyGuest: Sendable {
    private let qemu: ChildProcess
    private let monitor: String
    private let port: Int

    private init(_ qemu: ChildProcess, monitor: String, port: Int) {
        self.qemu = qemu
        self.monitor = monitor
        self.port = port
    }

    /// Starts it, and waits for its last line of a boot.
    ///
    /// - Parameters:
    ///   - disk: Its disk.
    ///   - seed: Its seed; nil for none.
    ///   - directory: Where its monitor's socket goes.
    ///   - cards: How many network cards it has, each on a network of its own; the first one's ssh port is forwarded.
    /// - Returns: The guest.
    /// - Throws: ``TestKitError`` with what its console said where it does not boot.
    static func booted(disk: String, seed: String?, in directory: TemporaryDirectory, cards: Int = 1) async throws
        -> TinyGuest
    {
        let monitor = directory.file("monitor")
        // Below the range from which the system takes ports for outgoing connections.
        let port = Int.random(in: 10_000..<32_000)
        var arguments = ["-accel", "tcg,tb-size=32", "-m", "128", "-display", "none", "-no-reboot"]
        arguments += ["-drive", "file=\(disk),if=virtio,format=qcow2"]
        if let seed { arguments += ["-drive", "file=\(seed),if=virtio,format=raw,readonly=on"] }
        arguments += ["-device", "virtio-rng-pci"]
        for card in 0..<cards {
            let forward = card == 0 ? ",hostfwd=tcp:127.0.0.1:\(port)-:22" : ""
            arguments += ["-nic", "user,model=virtio-net-pci,mac=52:54:00:00:00:0\(card + 1)\(forward)"]
        }
        arguments += ["-monitor", "unix:\(monitor),server=on,wait=off"]
        arguments += ["-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console"]
        let qemu = try ChildProcess("qemu-system-x86_64", arguments)
        try await qemu.waitForLine(containing: "finished at", within: .seconds(120))
        return TinyGuest(qemu, monitor: monitor, port: port)
    }

    /// What its console said.
    var console: String { qemu.text }

    /// Runs a command in it, by ssh.
    ///
    /// - Parameters:
    ///   - key: The file of the private key.
    ///   - command: What its shell is given.
    /// - Returns: What it printed.
    /// - Throws: ``TestKitError`` where nobody gets in, or the command fails.
    @discardableResult
    func ssh(key: String, _ command: String) async throws -> String {
        let options = [
            "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "BatchMode=yes",
            "IdentitiesOnly=yes",
        ]
        let ssh = try ChildProcess(
            "ssh",
            ["-F", "none", "-i", key, "-p", "\(port)"] + options.flatMap { ["-o", $0] } + ["root@127.0.0.1", command]
        )
        guard try await ssh.waitForExit(within: .seconds(60)) == .status(0) else {
            throw TestKitError("ssh: \(ssh.text); the console says:\n\(console)")
        }
        return ssh.text
    }

    /// Presses its power button, and waits until it is off.
    ///
    /// - Throws: ``TestKitError`` where it stays on.
    func pressPowerButton() async throws {
        let script = #"printf 'system_powerdown\n' | nc -UN "$1""#
        let press = try ChildProcess("bash", ["-c", script, "-", monitor])
        try await press.waitForExit()
        guard try await qemu.waitForExit(within: .seconds(60)) == .status(0) else { throw TestKitError(console) }
    }
}
